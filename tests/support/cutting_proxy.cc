// SPDX-License-Identifier: Apache-2.0
#include "tests/support/cutting_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>

namespace assay::test {
namespace {

constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();
constexpr int kLookEveryMs = 50;  // whether the proxy is to stop

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

// Closes so that the client sees a break and not an end. The server gets to read what has passed.
void reset(int socket) {
  const linger now{1, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

bool send_all(int socket, const char* bytes, std::size_t count) {
  while (count > 0) {
    const ssize_t put = ::send(socket, bytes, count, MSG_NOSIGNAL);
    if (put <= 0) return false;
    bytes += put;
    count -= static_cast<std::size_t>(put);
  }
  return true;
}

}  // namespace

CuttingProxy::CuttingProxy(std::uint16_t port) : target_(port), up_limit_(kNever), down_limit_(kNever) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 16) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("no loopback socket");
  port_ = ntohs(address.sin_port);
  thread_ = std::jthread([this] { run(); });
}

CuttingProxy::~CuttingProxy() {
  stopping_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  connections_.clear();
  ::close(listener_);
}

void CuttingProxy::cut_requests_after(std::uint64_t bytes, int times) {
  cuts_ = times;
  up_limit_ = bytes;
}

void CuttingProxy::cut_answers_after(std::uint64_t bytes, int times) {
  cuts_ = times;
  down_limit_ = bytes;
}

void CuttingProxy::run() {
  while (!stopping_) {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client >= 0) connections_.emplace_back([this, client] { serve(client); });
  }
}

void CuttingProxy::serve(int client) {
  const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(target_);
  bool open = ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  std::uint64_t up = 0;
  std::uint64_t down = 0;
  std::array<char, 16384> buffer;
  // Passes on what `from` has; false when the connection is over.
  const auto pass = [&](int from, int to, std::uint64_t& count, const std::atomic<std::uint64_t>& limit) {
    const std::uint64_t room = cuts_ > 0 && limit > count ? limit - count : kNever;
    const ssize_t got = ::recv(from, buffer.data(), std::min<std::uint64_t>(room, buffer.size()), 0);
    if (got <= 0 || !send_all(to, buffer.data(), static_cast<std::size_t>(got))) return false;
    count += static_cast<std::uint64_t>(got);
    (&count == &up ? up_ : down_) += static_cast<std::uint64_t>(got);
    if (cuts_ <= 0 || count < limit) return true;
    --cuts_;
    reset(client);
    return false;
  };
  while (open && !stopping_) {
    std::array<pollfd, 2> ready{{{client, POLLIN, 0}, {server, POLLIN, 0}}};
    if (::poll(ready.data(), ready.size(), kLookEveryMs) < 0) break;
    if (ready[0].revents != 0) open = pass(client, server, up, up_limit_);
    if (open && ready[1].revents != 0) open = pass(server, client, down, down_limit_);
  }
  ::close(client);
  ::close(server);
}

}  // namespace assay::test
