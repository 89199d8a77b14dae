// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/role.h"

#include <array>
#include <nlohmann/json.hpp>

#include "registry/domain/utf8.h"
#include "storage/base/error.h"

namespace assay {
namespace {

constexpr std::array kRoles = {Role::reader, Role::writer, Role::promoter, Role::admin};

}  // namespace

std::string_view text(Role role) {
  switch (role) {
    case Role::reader:
      return "reader";
    case Role::writer:
      return "writer";
    case Role::promoter:
      return "promoter";
    case Role::admin:
      break;
  }
  return "admin";
}

Role parse_role(std::string_view spelled) {
  for (const Role role : kRoles)
    if (text(role) == spelled) return role;
  throw Error(Code::invalid_argument, "\"" + std::string(beginning(spelled)) +
                                          "\" is not a role: write reader, writer, promoter or admin");
}

void to_json(nlohmann::json& json, const Grant& grant) {
  json = {{"namespace", grant.scope()}, {"role", text(grant.role)}};
}

}  // namespace assay
