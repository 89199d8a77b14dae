// SPDX-License-Identifier: Apache-2.0
#include "registry/client/connection.h"

#include <httplib.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <vector>

namespace assay::client {
namespace {

constexpr std::size_t kMaxEarlyAnswer = 64 * 1024;  // a problem document is below 4 KiB
constexpr int kEarlyAnswerWaits = 50;
constexpr int kEarlyAnswerWaitMs = 20;
constexpr std::size_t kLeastPiece = 16 * 1024;  // fits whenever the socket says that there is room
constexpr std::size_t kMostPiece = 256 * 1024;  // beyond this, larger writes are no faster
constexpr std::size_t kMaxHeldBody = std::size_t{64} << 20;  // larger than any document the registry sends

Fields fields_of(const httplib::Headers& headers) {
  Fields out;
  for (const auto& [name, value] : headers) {
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    out.emplace(std::move(lower), value);
  }
  return out;
}

std::string_view field_of(std::string_view head, std::string_view name) {
  const auto at = head.find(name);
  if (at == std::string_view::npos) return {};
  const auto from = at + name.size();
  return head.substr(from, head.find("\r\n", from) - from);
}

// Whether `bytes` hold an answer up to the end of its body.
bool is_whole(std::string_view bytes) {
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return false;
  const std::string length(field_of(bytes.substr(0, end + 2), "\r\nContent-Length: "));
  return length.empty() || bytes.size() - (end + 4) >= std::strtoull(length.c_str(), nullptr, 10);
}

// The answer in `bytes`, of which only status, body and Retry-After matter to whoever is refused.
bool parse_early(std::string_view bytes, Answer& answer) {
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos || !bytes.starts_with("HTTP/1.1 ")) return false;
  answer = {};
  answer.status = std::atoi(std::string(bytes.substr(9, 3)).c_str());
  if (const auto wait = field_of(bytes.substr(0, end + 2), "\r\nRetry-After: "); !wait.empty())
    answer.fields["retry-after"] = std::string(wait);
  answer.body = std::string(bytes.substr(end + 4));
  return answer.status >= 300;
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

// A server that refuses an upload answers before it has read it all, and then stops reading. The library
// would go on writing, block or fail, and never look at the answer; so it is looked for before each piece,
// and while there is no room for one. Empty when nothing has come.
std::string early_answer(int socket, std::chrono::milliseconds idle) {
  pollfd ready{socket, POLLIN | POLLOUT, 0};
  if (::poll(&ready, 1, static_cast<int>(idle.count())) <= 0 || (ready.revents & POLLIN) == 0) return "";
  std::string bytes;
  std::array<char, kMaxEarlyAnswer> buffer;
  for (int waits = 0; waits < kEarlyAnswerWaits; ++waits) {
    pollfd wait{socket, POLLIN, 0};
    if (::poll(&wait, 1, kEarlyAnswerWaitMs) <= 0) break;
    // Left in the socket, so that every look sees the answer from its start.
    const ssize_t got = ::recv(socket, buffer.data(), buffer.size(), MSG_PEEK | MSG_DONTWAIT);
    if (got <= 0) break;
    bytes.assign(buffer.data(), static_cast<std::size_t>(got));
    if (is_whole(bytes)) break;
  }
  return bytes;
}

// How much of a body fits into the socket: a write must not block past an early answer. The kernel counts its
// own overhead too, hence the half.
std::size_t room_of(int socket) {
  std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
  socklen_t size = sizeof memory;
  if (::getsockopt(socket, SOL_SOCKET, SO_MEMINFO, memory.data(), &size) != 0) return kLeastPiece;
  const std::uint32_t limit = memory[SK_MEMINFO_SNDBUF];
  const std::uint32_t queued = std::min(memory[SK_MEMINFO_WMEM_QUEUED], limit);
  return std::clamp<std::size_t>((limit - queued) / 2, kLeastPiece, kMostPiece);
}

bool pump(const Call& call, std::size_t offset, std::span<char> piece, httplib::DataSink& sink) {
  const std::size_t got = call.body_source(offset, piece);
  // A write that fails is noticed by the library itself; false would mean that we ended it.
  if (got > 0) sink.write(piece.data(), got);
  return got > 0;
}

// What looks at the connection before each piece of a body: nothing when it is refused, else how much fits.
using Look = std::function<std::size_t()>;

httplib::Request request_of(const Call& call, Answer& answer, const Look& look) {
  httplib::Request request;
  request.method = call.method;
  request.path = call.target;
  for (const auto& [name, value] : call.fields) request.set_header(name, value);
  if (!call.content_type.empty()) request.set_header("Content-Type", call.content_type);
  if (call.body_source && call.body_size > 0) {
    request.content_length_ = call.body_size;
    request.content_provider_ =
        [&, piece = std::vector<char>(std::min<std::uint64_t>(kMostPiece, call.body_size))](
            std::size_t offset, std::size_t length, httplib::DataSink& sink) mutable {
          const std::size_t room = std::min({look(), length, piece.size()});
          return room > 0 && pump(call, offset, std::span(piece).first(room), sink);
        };
  } else {
    request.body = call.body;
  }
  request.response_handler = [&call, &answer](const httplib::Response& response) {
    answer.status = response.status;
    answer.fields = fields_of(response.headers);
    return !call.on_head || call.on_head(answer.status, answer.fields);
  };
  request.content_receiver = [&call, &answer](const char* data, std::size_t size, std::uint64_t,
                                              std::uint64_t) {
    if (call.on_body && answer.status / 100 == 2) return call.on_body({data, size});
    if (answer.body.size() + size > kMaxHeldBody) return false;
    answer.body.append(data, size);
    return true;
  };
  return request;
}

}  // namespace

struct Connection::Impl {
  Impl(const std::string& origin, std::chrono::milliseconds idle_time)
      : client(origin), encrypted(origin.starts_with("https:")), idle(idle_time) {}
  httplib::Client client;
  bool encrypted;
  std::chrono::milliseconds idle;
};

Connection::Connection(const Endpoint& endpoint, Timeouts timeouts)
    : impl_(std::make_unique<Impl>(endpoint.text(), timeouts.idle)) {
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
  std::string early;
  const Look look = [&]() -> std::size_t {
    const int socket = static_cast<int>(impl_->client.socket());
    if (impl_->encrypted) return room_of(socket);  // what waits in the socket is not yet text
    early = early_answer(socket, impl_->idle);
    return early.empty() ? room_of(socket) : 0;
  };
  httplib::Request request = request_of(call, answer, look);
  httplib::Response response;
  httplib::Error error = httplib::Error::Success;
  if (!impl_->client.send(request, response, error)) {
    if (!early.empty() && parse_early(early, answer)) return Outcome::answered;
    return outcome_of(error);
  }
  if (answer.status == 0) {  // no head was shown, as for an answer without a body
    answer.status = response.status;
    answer.fields = fields_of(response.headers);
  }
  return Outcome::answered;
}

}  // namespace assay::client
