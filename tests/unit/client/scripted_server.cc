// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/client/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace assay::test {
namespace {

// How long the body is, from the head.
std::size_t content_length(const std::string& head) {
  const auto at = head.find("Content-Length: ");
  return at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
}

// Until the other side closes, without taking a byte off its hands.
void await_close(int connection) {
  pollfd wait{connection, POLLRDHUP, 0};
  ::poll(&wait, 1, 60'000);
}

}  // namespace

ScriptedServer::ScriptedServer(std::vector<Answer> answers, Reads reads) : reads_(reads) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 8) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("no loopback socket");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this, answers = std::move(answers)]() mutable { run(std::move(answers)); });
}

ScriptedServer::~ScriptedServer() {
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  ::close(listener_);
}

std::vector<std::string> ScriptedServer::requests() {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::string ScriptedServer::receive(int connection) {
  std::string request;
  std::array<char, 65536> buffer;
  std::size_t wanted = std::string::npos;
  while (request.size() < wanted) {
    const ssize_t got = ::recv(connection, buffer.data(), buffer.size(), 0);
    if (got <= 0) break;
    request.append(buffer.data(), static_cast<std::size_t>(got));
    if (const auto end = request.find("\r\n\r\n"); wanted == std::string::npos && end != std::string::npos)
      wanted = reads_ == Reads::head_only ? end + 4 : end + 4 + content_length(request.substr(0, end + 2));
  }
  return request;
}

void ScriptedServer::run(std::vector<Answer> answers) {
  for (std::size_t turn = 0;; ++turn) {
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return;
    if (turn < answers.size()) {
      const std::string request = receive(connection);
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
      }
      const std::string answer = answers[turn](request);
      ::send(connection, answer.data(), answer.size(), MSG_NOSIGNAL);
      if (reads_ == Reads::head_only) await_close(connection);
    }
    ::shutdown(connection, SHUT_RDWR);
    ::close(connection);
  }
}

std::string http_answer(int status, const std::string& body, const std::string& extra_fields) {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nConnection: close\r\n" + extra_fields + "\r\n" + body;
}

}  // namespace assay::test
