// SPDX-License-Identifier: Apache-2.0
// The HTTP/1.1 server: listens, bounds and parses what comes, and hands requests to a Site. It knows nothing
// of models. One thread does all socket work; a few more run handlers. Next to read: session.cc, then site.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "registry/domain/log_event.h"
#include "registry/http/limits.h"

namespace assay::http {

class Site;

// Called from any thread; must not block for long.
using Log = std::function<void(LogLevel, const LogEvent&)>;

struct Options {
  std::string address = "127.0.0.1";  // an IPv4 or IPv6 address
  std::uint16_t port = 7460;          // 0: any free one
  // What `Host` may say (without port, lower case). Empty: anything.
  std::vector<std::string> allowed_hosts;
  std::string version = "0";  // for the Server header
  // PEM files for TLS, see certificates.h; both or none: then everything is in the clear.
  std::filesystem::path certificate;
  std::filesystem::path key;
  Limits limits;
  Log log;  // may be empty
};

class Server {
 public:
  // `site` says which requests exist and answers them. Throws invalid_argument for a certificate that cannot be used.
  Server(Options options, std::shared_ptr<Site> site);
  ~Server();  // as stop()
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds, listens and starts the threads; requests are answered from now on. Throws unavailable, naming the
  // address, when it is taken; invalid_argument when it is not an address. Call it once.
  void start();

  // The port listened on; after start().
  std::uint16_t port() const;

  // Stops accepting, closes idle connections, lets running requests finish within the limits' stop_grace,
  // cuts the rest and joins all threads. May be called twice, and from any thread that is not the server's
  // own.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace assay::http
