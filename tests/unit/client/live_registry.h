// SPDX-License-Identifier: Apache-2.0
// A real server with a catalogue of its own and blobs in memory, and a way to it that a test can break.
#pragma once

#include <fstream>
#include <memory>
#include <string>

#include "registry/access/admin_token.h"
#include "registry/access/authenticator.h"
#include "registry/catalog/sqlite_database.h"
#include "registry/client/session.h"
#include "registry/http/api.h"
#include "registry/http/server.h"
#include "storage/env/clock.h"
#include "storage/env/entropy.h"
#include "tests/support/memory_blob_store.h"
#include "tests/support/temp_dir.h"

namespace assay::test {

class LiveRegistry {
 public:
  LiveRegistry() : database_(open_sqlite_database(dir_ / "catalog.db")), authenticator_(*database_, clock_) {
    database_->migrate();
    ensure_admin_token(*database_, clock_, entropy_, dir_ / "admin.token");
    std::getline(std::ifstream(dir_ / "admin.token"), token);
    start(0);
  }

  // The sessions of uploads are gone, as after a crash.
  void restart() {
    server_->stop();
    start(port_);
  }

  std::uint16_t port() const { return port_; }

  client::Session session(std::uint16_t port, std::function<void(std::chrono::milliseconds)> sleep) const {
    client::SessionOptions options{
        client::Endpoint::parse("http://127.0.0.1:" + std::to_string(port)), token, {}, {}};
    options.retry.sleep = std::move(sleep);
    return client::Session(std::move(options));
  }
  client::Session session() const {
    return session(port_, [](std::chrono::milliseconds) {});
  }

  MemoryBlobStore blobs;
  std::string token;

 private:
  void start(std::uint16_t port) {
    http::Options options;
    options.port = port;
    server_ = std::make_unique<http::Server>(
        options, http::make_site({.services = {*database_, blobs, clock_, entropy_},
                                  .authenticator = authenticator_,
                                  .score = nullptr,
                                  .version = "1.2.3",
                                  .ready = {}}));
    server_->start();
    port_ = server_->port();
  }

  TempDir dir_;
  SystemClock clock_;
  SystemEntropy entropy_;
  std::unique_ptr<Database> database_;
  Authenticator authenticator_;
  std::uint16_t port_ = 0;
  std::unique_ptr<http::Server> server_;
};

}  // namespace assay::test
