// SPDX-License-Identifier: Apache-2.0
#include "tests/support/receiver.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>

namespace assay::test {
namespace {

constexpr std::chrono::seconds kPatience{60};

bool send_all(int connection, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

// More of what the sender says; false when it has left.
bool receive(int connection, std::string& into) {
  std::array<char, 4096> buffer;
  const ssize_t got = ::recv(connection, buffer.data(), buffer.size(), 0);
  if (got > 0) into.append(buffer.data(), static_cast<std::size_t>(got));
  return got > 0;
}

// Whether the sender stays for so long.
bool stays(int connection, std::chrono::milliseconds time) {
  pollfd state{connection, POLLIN, 0};
  return ::poll(&state, 1, static_cast<int>(time.count())) == 0;
}

Received parse_head(std::string_view head) {
  Received out;
  std::size_t end = head.find("\r\n");
  out.request_line = head.substr(0, end);
  while (end != std::string_view::npos) {
    head.remove_prefix(end + 2);
    end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    const std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos) continue;
    std::string name(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    out.fields[name] = line.substr(colon + 2);
  }
  return out;
}

}  // namespace

Receiver::Receiver(const std::string& address, std::uint16_t port) : address_(address) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  ::inet_pton(AF_INET, address.c_str(), &name.sin_addr);
  socklen_t size = sizeof name;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&name), size) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&name), &size) != 0)
    throw std::runtime_error("listening on " + address);
  port_ = ntohs(name.sin_port);
  thread_ = std::jthread([this] { run(); });
}

Receiver::~Receiver() {
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  ::close(listener_);
}

std::string Receiver::url(const std::string& path) const {
  return "http://" + address_ + ":" + std::to_string(port_) + path;
}

void Receiver::next(Behaviour behaviour) {
  const std::lock_guard lock(mutex_);
  behaviours_.push_back(std::move(behaviour));
}

std::vector<Received> Receiver::received() const {
  const std::lock_guard lock(mutex_);
  return received_;
}

std::vector<Received> Receiver::wait_for(std::size_t count) const {
  std::unique_lock lock(mutex_);
  if (!came_.wait_for(lock, kPatience, [&] { return received_.size() >= count; }))
    throw std::runtime_error("the receiver was sent " + std::to_string(received_.size()) + " requests, not " +
                             std::to_string(count));
  return received_;
}

Receiver::Behaviour Receiver::answer(const std::string& status_line_and_fields, const std::string& body) {
  return [=](int connection) {
    send_all(connection, "HTTP/1.1 " + status_line_and_fields + "\r\nContent-Length: " + std::to_string(body.size()) +
                             "\r\n\r\n" + body);
  };
}

Receiver::Behaviour Receiver::silence() {
  return [](int connection) {
    std::string ignored;
    while (receive(connection, ignored)) {
    }
  };
}

Receiver::Behaviour Receiver::endless(const std::string& start, const std::string& bytes,
                                      std::chrono::milliseconds between) {
  return [=](int connection) {
    if (!send_all(connection, start)) return;
    while (send_all(connection, bytes))
      if (between.count() > 0 && !stays(connection, between)) return;
  };
}

void Receiver::run() {
  for (;;) {
    UniqueFd socket(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket.valid()) return;
    const int connection = socket.get();
    connections_.push_back({std::move(socket), std::jthread([this, connection](const std::stop_token& stop) {
                              const std::stop_callback leave(stop, [=] { ::shutdown(connection, SHUT_RDWR); });
                              serve(connection);
                              ::shutdown(connection, SHUT_RDWR);
                            })});
  }
}

void Receiver::serve(int connection) {
  std::string bytes;
  while (bytes.find("\r\n\r\n") == std::string::npos)
    if (!receive(connection, bytes)) return;
  const std::size_t head = bytes.find("\r\n\r\n");
  Received request = parse_head(std::string_view(bytes).substr(0, head));
  const std::size_t length = std::stoul(request.fields["content-length"]);
  while (bytes.size() < head + 4 + length)
    if (!receive(connection, bytes)) return;
  request.body = bytes.substr(head + 4, length);
  Behaviour behaviour = answer("200 OK");
  {
    const std::lock_guard lock(mutex_);
    if (!behaviours_.empty()) {
      behaviour = std::move(behaviours_.front());
      behaviours_.pop_front();
    }
    received_.push_back(std::move(request));
  }
  came_.notify_all();
  behaviour(connection);
}

}  // namespace assay::test
