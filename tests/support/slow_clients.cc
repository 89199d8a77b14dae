// SPDX-License-Identifier: Apache-2.0
#include "tests/support/slow_clients.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <thread>

#include "storage/env/unique_fd.h"

namespace assay::test {
namespace {

using Clock = std::chrono::steady_clock;

// Each gives or takes so much at a beat: well below what the server asks for, and never nothing.
constexpr std::chrono::milliseconds kBeat{500};
constexpr std::size_t kTakenAtABeat = 64;
constexpr int kReceiveBuffer = 4 * 1024;
constexpr std::size_t kHeard = 4 * 1024;  // more than any head that is answered
// Below what a server that is asked may have for one address.
constexpr std::size_t kClientsPerAddress = 100;
constexpr std::chrono::seconds kLastWords{10};
// How long a server may take to greet one: those that do not are not held, and tried again.
constexpr timeval kGreeting{1, 0};

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

sockaddr_in loopback(std::uint32_t host, std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK + host);
  return out;
}

void send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // the server was faster; what it said shows when it is read
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

}  // namespace

const char* name_of(Slowness slowness) {
  switch (slowness) {
    case Slowness::head:
      return "slow head";
    case Slowness::body:
      return "slow body";
    case Slowness::reader:
      return "slow reader";
    case Slowness::idle:
      break;
  }
  return "idle";
}

struct SlowClients::Crowd {
  struct Client {
    std::size_t index = 0;
    UniqueFd socket{};
    std::string heard{};  // the start of what was answered
    std::uint64_t taken = 0;
    bool ended = true;  // or not yet opened

    Slowness slowness() const { return kSlownesses[index % kSlownesses.size()]; }
  };

  Crowd(std::uint16_t server, std::size_t count, SlowRequests wanted) : port(server), requests(std::move(wanted)) {
    for (std::size_t i = 0; i < count; ++i) clients.push_back({.index = i});
  }

  // They come as fast as the server can greet them: a crowd that overruns its queue would be told to come again.
  void open(Client& client) {
    if (client.socket.valid()) count(client);
    client = connected(client.index);
    if (client.ended || client.slowness() != Slowness::idle) return;
    pollfd wait{client.socket.get(), POLLIN, 0};
    ::poll(&wait, 1, static_cast<int>(kGreeting.tv_sec * 1000));
  }

  // Not connected, and so ended, when the server does not take it in time.
  Client connected(std::size_t index) const {
    Client out{.index = index, .socket = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))};
    const int socket = out.socket.get();
    if (socket < 0) fail("opening a socket");
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &kGreeting, sizeof kGreeting);
    if (out.slowness() == Slowness::reader)
      ::setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
    const sockaddr_in from = loopback(1 + static_cast<std::uint32_t>(index / kClientsPerAddress), 0);
    if (::bind(socket, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0) fail("binding a socket");
    const sockaddr_in to = loopback(0, port);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
      out.socket.reset();
      return out;
    }
    out.ended = false;
    send_all(socket, first_words(out));
    return out;
  }

  std::string first_words(const Client& client) const {
    switch (client.slowness()) {
      case Slowness::head:
        return "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Filler: ";
      case Slowness::body:
        return requests.heads_with_body[client.index / kSlownesses.size() % requests.heads_with_body.size()];
      case Slowness::reader:
        return requests.large;
      case Slowness::idle:
        break;
    }
    return requests.small;
  }

  void run() {
    try {
      keep_going();
    } catch (...) {
      failure = std::current_exception();
    }
  }

  void keep_going() {
    while (!stopping) {
      listen(Clock::now() + kBeat);
      for (Client& client : clients) {
        if (stopping) return;
        if (client.ended && holding) open(client);
        if (!client.ended) dribble(client);
      }
    }
  }

  // Takes what is said until `end`.
  void listen(Clock::time_point end) {
    for (;;) {
      std::vector<pollfd> waits;
      std::vector<Client*> waiting;
      for (Client& client : clients)
        if (!client.ended && client.slowness() != Slowness::reader) {
          waits.push_back({client.socket.get(), POLLIN, 0});
          waiting.push_back(&client);
        }
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
      if (left.count() <= 0 || ::poll(waits.data(), waits.size(), static_cast<int>(left.count())) <= 0) return;
      for (std::size_t i = 0; i < waits.size(); ++i)
        if (waits[i].revents != 0) take(*waiting[i], std::size_t{16} * 1024);
    }
  }

  void dribble(Client& client) {
    if (client.slowness() == Slowness::reader) take(client, kTakenAtABeat);
    if (client.slowness() == Slowness::head || client.slowness() == Slowness::body) send_all(client.socket.get(), "x");
  }

  // Reads at most `most` bytes that are there.
  void take(Client& client, std::size_t most) {
    std::vector<char> bytes(most);
    const ssize_t got = ::recv(client.socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
      client.ended = true;
      return;
    }
    client.taken += static_cast<std::uint64_t>(got);
    if (client.heard.size() < kHeard) client.heard.append(bytes.data(), static_cast<std::size_t>(got));
  }

  // Everything until the end, which is there when the server has closed.
  void drain(Client& client) {
    const auto deadline = Clock::now() + kLastWords;
    while (!client.ended) {
      pollfd wait{client.socket.get(), POLLIN, 0};
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
      if (left.count() <= 0 || ::poll(&wait, 1, static_cast<int>(left.count())) <= 0)
        throw std::runtime_error(std::string("the server still holds a connection: ") + name_of(client.slowness()));
      take(client, std::size_t{64} * 1024);
    }
  }

  void count(const Client& client) {
    const std::string& heard = client.heard;
    const std::size_t end = heard.find("\r\n\r\n");
    const int status = heard.starts_with("HTTP/1.1 ") ? std::atoi(heard.c_str() + 9) : 0;
    const bool answered = status / 100 == 2 && end != std::string::npos;
    if (!answered) {
      ++endings[client.slowness()][status];
      return;
    }
    // One that was answered is ended without a word if nothing more came than the answer, and less if it was large.
    const std::size_t field = heard.find("Content-Length: ");
    const std::uint64_t length = field < end ? std::strtoull(heard.c_str() + field + 16, nullptr, 10) : 0;
    const std::uint64_t whole = end + 4 + length;
    const bool silent = client.slowness() == Slowness::reader ? client.taken < whole : client.taken == whole;
    ++endings[client.slowness()][silent ? 0 : status];
  }

  const std::uint16_t port;
  const SlowRequests requests;
  std::vector<Client> clients{};
  Endings endings{};
  std::atomic<bool> holding = true;
  std::atomic<bool> stopping = false;
  std::exception_ptr failure{};  // the thread's
  std::jthread thread{};
};

SlowClients::SlowClients(std::uint16_t port, std::size_t count, SlowRequests requests)
    : crowd_(std::make_unique<Crowd>(port, count, std::move(requests))) {
  crowd_->thread = std::jthread([crowd = crowd_.get()] { crowd->run(); });
}

SlowClients::~SlowClients() {
  crowd_->stopping = true;
}

void SlowClients::release() {
  crowd_->holding = false;
}

SlowClients::Endings SlowClients::finish() {
  crowd_->stopping = true;
  crowd_->thread.join();
  if (crowd_->failure) std::rethrow_exception(crowd_->failure);
  for (Crowd::Client& client : crowd_->clients) {
    if (!client.socket.valid()) continue;
    crowd_->drain(client);
    crowd_->count(client);
  }
  return crowd_->endings;
}

}  // namespace assay::test
