// SPDX-License-Identifier: Apache-2.0
// A receiver of webhooks on a loopback port: keeps what it was sent, and answers as a test says, however badly.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "storage/env/unique_fd.h"

namespace assay::test {

struct Received {
  std::string request_line;
  std::map<std::string, std::string> fields;  // names in lower case
  std::string body;
};

class Receiver {
 public:
  // What is done with the connection once the request has been read; it is closed afterwards.
  using Behaviour = std::function<void(int connection)>;

  // On `address` of this machine, at `port` or a free one.
  explicit Receiver(const std::string& address = "127.0.0.1", std::uint16_t port = 0);
  ~Receiver();
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url(const std::string& path = "/hook") const;
  // For the next request that has none yet; without any it is answered with 200.
  void next(Behaviour behaviour);

  std::vector<Received> received() const;
  // All that came, once it is at least so many. Throws std::runtime_error after a minute.
  std::vector<Received> wait_for(std::size_t count) const;

  static Behaviour answer(const std::string& status_line_and_fields, const std::string& body = "");
  static Behaviour silence();  // until the sender leaves
  // `bytes` after `start`, again and again until the sender leaves, waiting so long between two.
  static Behaviour endless(const std::string& start, const std::string& bytes, std::chrono::milliseconds between = {});

 private:
  // Stays open until all ends, so that its number is never another one's.
  struct Connection {
    UniqueFd socket;
    std::jthread thread;
  };

  void run();
  void serve(int connection);

  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::string address_;
  mutable std::mutex mutex_;
  mutable std::condition_variable came_;
  std::deque<Behaviour> behaviours_;
  std::vector<Received> received_;
  std::list<Connection> connections_;  // the accepting thread's
  std::jthread thread_;
};

}  // namespace assay::test
