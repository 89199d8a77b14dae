// SPDX-License-Identifier: Apache-2.0
// A server on a free port with small handlers, one for each thing that the transport must do, and gates that
// let a test decide when a handler goes on.
#pragma once

#include <atomic>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "registry/http/server.h"
#include "registry/http/site.h"
#include "tests/unit/http/raw_client.h"

namespace assay::test {

// A handler tells that it was entered and waits to be let go.
class Gate {
 public:
  void pass() {
    entered_.set_value();
    go_.get_future().wait();
  }
  void wait_until_entered() { entered_.get_future().wait(); }
  void open() { go_.set_value(); }

 private:
  std::promise<void> entered_;
  std::promise<void> go_;
};

// Someone with one role in all namespaces, or in `space`.
Principal somebody(Role role, std::string_view space = "");

// Its routes, on workers unless it is said otherwise:
// - GET /healthz: on the I/O thread
// - GET /hello, GET /throw, GET /name/{name}, GET /path/{path...}
// - GET /wait, and GET /slow on a slow worker: both pass `gate`
// - POST /echo: a whole body of at most 1 KiB
// - PUT /sink: streamed, at most 16 MiB; answers how many bytes
// - PUT /refuse: streamed, refused unread
// - PUT /hold: streamed, passes `gate` before it reads
// - GET /digits: ten bytes, with ranges
// - GET /big: 3 MiB
// - GET /broken: fails after one MiB
// - GET and POST /private: for `read`, and for `register` with a body
// - GET /in/{namespace}: for `read` there
// Tokens are the names of roles: `Authorization: reader`.
class TestServer {
 public:
  explicit TestServer(http::Limits limits = {}, std::vector<std::string> allowed_hosts = {},
                      std::filesystem::path certificate = {}, std::filesystem::path key = {});
  ~TestServer();

  RawClient client() const { return RawClient(server_->port()); }
  std::uint16_t port() const { return server_->port(); }
  http::Server& server() { return *server_; }
  http::Metrics& metrics() { return *metrics_; }
  std::string log() const;  // all lines so far

  Gate gate;
  std::atomic<std::size_t> sunk = 0;  // bytes that /sink has read so far

 private:
  http::RouteTable routes();

  mutable std::mutex mutex_;
  std::string log_;
  std::shared_ptr<http::Metrics> metrics_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace assay::test
