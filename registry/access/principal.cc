// SPDX-License-Identifier: Apache-2.0
#include "registry/access/principal.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/error.h"

namespace assay {
namespace {

std::string_view roles_with(Permission permission) {
  switch (permission) {
    case Permission::public_:
    case Permission::read:
      return "any role";
    case Permission::register_:
    case Permission::evaluate:
      return "writer or admin";
    case Permission::promote:
      return "promoter or admin";
    case Permission::delete_:
    case Permission::admin:
      break;
  }
  return "admin";
}

Error refuse(const Principal& principal, Permission permission, const std::string& where) {
  return Error(Code::denied, fmt::format("\"{}\" may not {} in {}: use a token with the role {} there",
                                         principal.name, text(permission), where, roles_with(permission)));
}

}  // namespace

bool Principal::may(Permission permission, const Namespace& space) const {
  return std::any_of(grants.begin(), grants.end(), [&](const Grant& grant) {
    return grant.covers(space) && permits(grant.role, permission);
  });
}

bool Principal::may_somewhere(Permission permission) const {
  return std::any_of(grants.begin(), grants.end(),
                     [&](const Grant& grant) { return permits(grant.role, permission); });
}

bool Principal::may_everywhere(Permission permission) const {
  return std::any_of(grants.begin(), grants.end(),
                     [&](const Grant& grant) { return !grant.space && permits(grant.role, permission); });
}

void require(const Principal& principal, Permission permission, const Namespace& space) {
  if (!principal.may(permission, space)) throw refuse(principal, permission, "namespace " + space.text());
}

void require_somewhere(const Principal& principal, Permission permission) {
  if (!principal.may_somewhere(permission)) throw refuse(principal, permission, "any namespace");
}

void require_everywhere(const Principal& principal, Permission permission) {
  if (!principal.may_everywhere(permission)) throw refuse(principal, permission, "all namespaces");
}

}  // namespace assay
