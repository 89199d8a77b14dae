// SPDX-License-Identifier: Apache-2.0
// Beast and not cpp-httplib as at the command line: a hostile receiver must be held to one deadline over handshake, head
// and body and to a bounded head, and the connection must go to a given address; cpp-httplib has a time limit for each
// read only, and takes heads of any length.
#include "registry/events/http_sender.h"

#include <openssl/ssl.h>

#include <utility>  // before Asio 1.74 on gcc 12

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <fmt/format.h>
#include <limits>
#include <mutex>
#include <set>

#include "storage/base/error.h"

namespace assay {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace ssl = boost::asio::ssl;
using asio::use_awaitable;

constexpr int kMaxInterim = 8;  // 1xx answers before the real one

asio::ip::tcp::endpoint endpoint_of(const IpAddress& address, std::uint16_t port) {
  return {asio::ip::make_address(address.text()), port};
}

http::request<http::string_body> request_of(const WebhookMessage& message) {
  http::request<http::string_body> request(http::verb::post, message.url.target(), 11);
  request.set(http::field::host, message.url.authority());
  request.set(http::field::user_agent, "assay");
  request.set(http::field::content_type, "application/cloudevents+json; charset=utf-8");
  request.set(http::field::accept_encoding, "identity");
  request.set(http::field::connection, "close");
  request.set("webhook-id", message.id);
  request.set("webhook-timestamp", std::to_string(message.timestamp_s));
  request.set("webhook-signature", message.signature);
  request.body() = message.body;
  request.prepare_payload();
  return request;
}

// The status of the answer; its body is read as far as the limit and dropped.
template <class Stream>
asio::awaitable<int> exchange(Stream& stream, const WebhookMessage& message, const SendLimits& limits) {
  const auto request = request_of(message);
  co_await http::async_write(stream, request, use_awaitable);
  beast::flat_buffer buffer(limits.head_bytes);
  for (int interim = 0; interim <= kMaxInterim; ++interim) {
    http::response_parser<http::buffer_body> parser;
    parser.header_limit(static_cast<std::uint32_t>(limits.head_bytes));
    parser.body_limit(std::numeric_limits<std::uint64_t>::max());  // without one, Boost 1.74 takes no body at all
    co_await http::async_read_header(stream, buffer, parser, use_awaitable);
    const int status = parser.get().result_int();
    if (status / 100 == 1) continue;
    std::array<char, 4096> dropped;
    std::size_t room = limits.body_bytes;
    while (!parser.is_done() && room > 0) {
      parser.get().body() = {dropped.data(), std::min(room, dropped.size()), true};
      beast::error_code failed;
      co_await http::async_read_some(stream, buffer, parser, asio::redirect_error(use_awaitable, failed));
      if (failed && failed != http::error::need_buffer) break;  // the status stands, whatever became of the rest
      room -= std::min(room, dropped.size()) - parser.get().body().size;
    }
    co_return status;
  }
  throw beast::system_error(http::error::bad_status);
}

asio::awaitable<int> converse(const WebhookMessage& message, const IpAddress& address, ssl::context& authorities,
                              const SendLimits& limits) {
  const auto executor = co_await asio::this_coro::executor;
  const auto endpoint = endpoint_of(address, message.url.port());
  if (!message.url.encrypted()) {
    beast::tcp_stream stream(executor);
    stream.expires_after(limits.deadline);
    co_await stream.async_connect(endpoint, use_awaitable);
    co_return co_await exchange(stream, message, limits);
  }
  beast::ssl_stream<beast::tcp_stream> stream(executor, authorities);
  const std::string& host = message.url.host();
  stream.set_verify_mode(ssl::verify_peer);
  stream.set_verify_callback(ssl::host_name_verification(host));
  // Names only (RFC 6066): an address is verified, not announced.
  if (!IpAddress::parse(host)) SSL_set_tlsext_host_name(stream.native_handle(), host.c_str());
  beast::get_lowest_layer(stream).expires_after(limits.deadline);
  co_await beast::get_lowest_layer(stream).async_connect(endpoint, use_awaitable);
  co_await stream.async_handshake(ssl::stream_base::client, use_awaitable);
  co_return co_await exchange(stream, message, limits);
}

std::string text_of(const beast::error_code& failed) {
  if (failed == beast::error::timeout) return "no answer in time";
  if (failed == http::error::end_of_stream) return "the connection ended before an answer came";
  if (failed == http::error::header_limit || failed == http::error::buffer_overflow)
    return "the head of the answer is too long";
  if (failed.category() == asio::error::get_ssl_category()) return "TLS: " + failed.message();
  return failed.message();
}

}  // namespace

struct HttpSender::Impl {
  Impl(const ReceiverPolicy& the_policy, Resolver& the_resolver, SendLimits the_limits)
      : policy(the_policy), resolver(the_resolver), limits(the_limits), authorities(ssl::context::tls_client) {
    authorities.set_default_verify_paths();
    authorities.set_options(ssl::context::default_workarounds | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
  }

  // Throws unavailable or denied, saying why there is none.
  IpAddress address_of(const WebhookUrl& url) {
    std::vector<IpAddress> candidates;
    if (const auto literal = IpAddress::parse(url.host()))
      candidates.push_back(*literal);
    else
      candidates = resolver.resolve(url.host());
    std::string why = "there is no address for " + url.host();
    for (const IpAddress& candidate : candidates) {
      const auto refusal = policy.refusal(url, candidate);
      if (!refusal) return candidate;
      why = *refusal;
    }
    throw Error(Code::denied, why);
  }

  SendResult run(const WebhookMessage& message, const IpAddress& address) {
    asio::io_context io(1);
    SendResult result{.error = "cancelled", .cancelled = true};
    asio::co_spawn(
        io,
        [&]() -> asio::awaitable<void> {
          try {
            const int status = co_await converse(message, address, authorities, limits);
            result = {.http_status = status};
          } catch (const boost::system::system_error& failure) {
            result = {.error = text_of(failure.code())};
          } catch (const std::exception& failure) {
            result = {.error = failure.what()};
          }
        },
        asio::detached);
    if (!enter(io)) return result;
    io.run();
    leave(io);
    return result;
  }

  bool enter(asio::io_context& io) {
    const std::lock_guard lock(mutex);
    if (!cancelled) running.insert(&io);
    return !cancelled;
  }
  void leave(asio::io_context& io) {
    const std::lock_guard lock(mutex);
    running.erase(&io);
  }

  const ReceiverPolicy& policy;
  Resolver& resolver;
  const SendLimits limits;
  ssl::context authorities;
  std::mutex mutex;
  std::set<asio::io_context*> running;
  bool cancelled = false;
};

HttpSender::HttpSender(const ReceiverPolicy& policy, Resolver& resolver, SendLimits limits)
    : impl_(std::make_unique<Impl>(policy, resolver, limits)) {}

HttpSender::~HttpSender() = default;

SendResult HttpSender::send(const WebhookMessage& message) {
  try {
    return impl_->run(message, impl_->address_of(message.url));
  } catch (const Error& refused) {
    return {.error = refused.message()};
  }
}

void HttpSender::cancel() {
  const std::lock_guard lock(impl_->mutex);
  impl_->cancelled = true;
  for (asio::io_context* io : impl_->running) io->stop();
}

}  // namespace assay
