// SPDX-License-Identifier: Apache-2.0
// What a Server serves: the route table, who is let in, and what is counted. Authentication and the
// permission check happen here, once, before any handler.
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

// Who sends this Authorization header (empty when there is none)? Throws unauthenticated when nobody does.
// Any thread, at any time; may block.
using Authenticate = std::function<Principal(std::string_view authorization)>;

class Site {
 public:
  Site(RouteTable routes, Authenticate authenticate, std::shared_ptr<Metrics> metrics);

  const RouteTable& routes() const { return routes_; }
  Metrics& metrics() { return *metrics_; }

  // Who calls; nothing on a public route. Throws unauthenticated or denied. Blocks.
  std::optional<Principal> admit(const Route& route, const Request& request) const;

  // Runs the handler. Throws what it throws.
  Response handle(const Route& route, Request& request) const;

 private:
  RouteTable routes_;
  Authenticate authenticate_;
  std::shared_ptr<Metrics> metrics_;
};

}  // namespace assay::http
