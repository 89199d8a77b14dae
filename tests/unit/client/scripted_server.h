// SPDX-License-Identifier: Apache-2.0
// A server that says exactly what a test wrote, broken answers included: one connection an answer, on a free
// loopback port.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace assay::test {

class ScriptedServer {
 public:
  // The bytes for the request, head and body as received; the connection is closed after them.
  using Answer = std::function<std::string(const std::string& request)>;

  enum class Reads {
    all,        // head and body
    head_only,  // and keeps the connection open until the client closes it
  };

  // Answers the connections in this order; further ones are closed at once.
  explicit ScriptedServer(std::vector<Answer> answers, Reads reads = Reads::all);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::vector<std::string> requests();  // so far

 private:
  void run(std::vector<Answer> answers);
  std::string receive(int connection);

  Reads reads_;
  int listener_ = -1;
  int port_ = 0;
  std::mutex mutex_;  // guards requests_
  std::vector<std::string> requests_;
  std::thread thread_;
};

// A complete answer with `Connection: close`.
std::string http_answer(int status, const std::string& body, const std::string& extra_fields = "");

}  // namespace assay::test
