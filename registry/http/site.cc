// SPDX-License-Identifier: Apache-2.0
#include "registry/http/site.h"

#include "registry/domain/name.h"

namespace assay::http {

Site::Site(RouteTable routes, Authenticate authenticate, std::shared_ptr<Metrics> metrics)
    : routes_(std::move(routes)), authenticate_(std::move(authenticate)), metrics_(std::move(metrics)) {}

std::optional<Principal> Site::admit(const Route& route, const Request& request) const {
  const Permission permission = *route.permission;
  if (permission == Permission::public_) return std::nullopt;
  const std::string* authorization = request.headers.find("authorization");
  Principal principal = authenticate_(authorization ? *authorization : "");
  if (const auto space = request.captured.find("namespace"); space != request.captured.end())
    require(principal, permission, Namespace::parse(space->second));
  else
    require_somewhere(principal, permission);
  return principal;
}

Response Site::handle(const Route& route, Request& request) const {
  return route.handler(request);
}

}  // namespace assay::http
