// SPDX-License-Identifier: Apache-2.0
// What a Server serves: the route table, who is let in, and what is counted. `handle` is the whole life of a request
// above the socket: authenticate, check the permission, call the handler, turn whatever it throws into a problem.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "registry/access/principal.h"
#include "registry/http/message.h"
#include "registry/http/metrics.h"
#include "registry/http/routes.h"

namespace assay::http {

// Who sends this token? Throws unauthenticated when nobody does. Any thread, at any time; may block.
using Authenticate = std::function<Principal(std::string_view token)>;

class Site {
 public:
  Site(RouteTable routes, Authenticate authenticate, std::shared_ptr<Metrics> metrics);

  const RouteTable& routes() const { return routes_; }
  Metrics& metrics() { return *metrics_; }

  // Who calls; nothing on a public route. Throws unauthenticated or denied. Blocks.
  std::optional<Principal> admit(const Route& route, const Request& request) const;

  // Runs the handler. Never throws: a failure is a problem response, and `failure` gets what an operator should know
  // of it (empty for the client's own mistakes).
  Response handle(const Route& route, Request& request, std::string& failure) const;

 private:
  RouteTable routes_;
  Authenticate authenticate_;
  std::shared_ptr<Metrics> metrics_;
};

}  // namespace assay::http
