// SPDX-License-Identifier: Apache-2.0
// Who may do what, as it is stored and shown: a role in one namespace or in all of them. What each role
// permits is registry/access/permission.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "registry/domain/name.h"

namespace assay {

enum class Role { reader, writer, promoter, admin };

std::string_view text(Role role);
// Throws invalid_argument, listing the roles.
Role parse_role(std::string_view text);

struct Grant {
  Role role = Role::reader;
  std::optional<Namespace> space;  // none: every namespace, written `*`

  bool covers(const Namespace& other) const { return !space || *space == other; }
  std::string scope() const { return space ? space->text() : "*"; }
};

// {"namespace","role"}
void to_json(nlohmann::json& json, const Grant& grant);

}  // namespace assay
