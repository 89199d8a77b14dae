// SPDX-License-Identifier: Apache-2.0
// A World behind a real HTTP server on the loopback, for what is about many clients at once.
#pragma once

#include <fstream>
#include <memory>
#include <string>

#include "registry/access/admin_token.h"
#include "registry/access/authenticator.h"
#include "registry/client/connection.h"
#include "registry/http/api.h"
#include "registry/http/server.h"
#include "tests/unit/promotion/world.h"

namespace assay::test {

class ServedWorld : public World {
 public:
  ServedWorld() : authenticator_(*database, clock) {
    ensure_admin_token(*database, clock, entropy, directory / "admin.token");
    std::getline(std::ifstream(directory / "admin.token"), token_);
    start();
  }
  ~ServedWorld() { stop(); }

  // Answers on another port from now on.
  void start() {
    http::Options options;
    options.port = 0;
    const http::Context context{.services = services(), .authenticator = authenticator_, .ready = {}};
    server_ = std::make_unique<http::Server>(options, http::make_site(context));
    server_->start();
    port_ = server_->port();
  }
  // Cuts what is still open.
  void stop() { server_.reset(); }

  client::Connection connect(std::chrono::milliseconds idle = std::chrono::seconds(60)) const {
    return {client::Endpoint::parse("http://127.0.0.1:" + std::to_string(port_)), {.idle = idle}};
  }
  // As its administrator; null sends no body.
  client::Call call(const std::string& method, const std::string& target, const nlohmann::json& body = {}) const {
    client::Call out;
    out.method = method;
    out.target = target;
    out.fields = {{"authorization", "Bearer " + token_}};
    if (body.is_null()) return out;
    out.body = body.dump();
    out.content_type = "application/json";
    return out;
  }

 private:
  Authenticator authenticator_;
  std::string token_;
  std::unique_ptr<http::Server> server_;
  std::atomic<std::uint16_t> port_ = 0;
};

}  // namespace assay::test
