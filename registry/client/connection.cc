// SPDX-License-Identifier: Apache-2.0
#include "registry/client/connection.h"

#include <httplib.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace assay::client {
namespace {

constexpr std::size_t kMaxHeldBody = std::size_t{64} << 20;  // larger than any document the registry sends

Fields fields_of(const httplib::Headers& headers) {
  Fields out;
  for (const auto& [name, value] : headers) {
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
    out.emplace(std::move(lower), value);
  }
  return out;
}

Outcome outcome_of(httplib::Error error) {
  switch (error) {
    case httplib::Error::Connection:
    case httplib::Error::BindIPAddress:
      return Outcome::refused;
    case httplib::Error::ConnectionTimeout:
      return Outcome::timed_out;
    case httplib::Error::Canceled:
      return Outcome::stopped;
    case httplib::Error::SSLConnection:
    case httplib::Error::SSLLoadingCerts:
    case httplib::Error::SSLServerVerification:
      return Outcome::untrusted;
    default:
      return Outcome::broken;
  }
}

bool pump(const Call& call, std::size_t offset, std::size_t length, httplib::DataSink& sink) {
  std::array<char, 64 * 1024> buffer;
  const std::size_t wanted = std::min(length, buffer.size());
  const std::size_t got = call.body_source(offset, std::span(buffer).first(wanted));
  return got > 0 && sink.write(buffer.data(), got);
}

httplib::Request request_of(const Call& call, Answer& answer) {
  httplib::Request request;
  request.method = call.method;
  request.path = call.target;
  for (const auto& [name, value] : call.fields) request.set_header(name, value);
  if (!call.content_type.empty()) request.set_header("Content-Type", call.content_type);
  if (call.body_source && call.body_size > 0) {
    request.content_length_ = call.body_size;
    request.content_provider_ = [&call](std::size_t offset, std::size_t length, httplib::DataSink& sink) {
      return pump(call, offset, length, sink);
    };
  } else {
    request.body = call.body;
  }
  request.response_handler = [&call, &answer](const httplib::Response& response) {
    answer.status = response.status;
    answer.fields = fields_of(response.headers);
    return !call.on_head || call.on_head(answer.status, answer.fields);
  };
  request.content_receiver = [&call, &answer](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
    if (call.on_body && answer.status / 100 == 2) return call.on_body({data, size});
    if (answer.body.size() + size > kMaxHeldBody) return false;
    answer.body.append(data, size);
    return true;
  };
  return request;
}

}  // namespace

struct Connection::Impl {
  explicit Impl(const std::string& origin) : client(origin) {}
  httplib::Client client;
};

Connection::Connection(const Endpoint& endpoint, Timeouts timeouts)
    : impl_(std::make_unique<Impl>(endpoint.text())) {
  httplib::Client& client = impl_->client;
  client.set_follow_location(false);
  // Bytes are compared with digests, so nothing may rewrite them on the way.
  client.set_decompress(false);
  client.set_url_encode(false);
  client.set_keep_alive(true);
  client.set_tcp_nodelay(true);
  client.set_connection_timeout(timeouts.connect);
  client.set_read_timeout(timeouts.idle);
  client.set_write_timeout(timeouts.idle);
}

Connection::~Connection() = default;

Outcome Connection::exchange(const Call& call, Answer& answer) {
  answer = {};
  httplib::Request request = request_of(call, answer);
  httplib::Response response;
  httplib::Error error = httplib::Error::Success;
  if (!impl_->client.send(request, response, error)) return outcome_of(error);
  if (answer.status == 0) {  // no head was shown, as for an answer without a body
    answer.status = response.status;
    answer.fields = fields_of(response.headers);
  }
  return Outcome::answered;
}

}  // namespace assay::client
