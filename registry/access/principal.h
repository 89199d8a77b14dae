// SPDX-License-Identifier: Apache-2.0
// Who is calling: the holder of a token, with the roles that it carries.
#pragma once

#include <string>
#include <vector>

#include "registry/access/permission.h"
#include "registry/domain/id.h"
#include "registry/domain/role.h"

namespace assay {

class Principal {
 public:
  Id id;             // of the token: what uploads are recorded under, for names need not be unique
  std::string name;  // for people: `created_by`, `actor`
  std::vector<Grant> grants;
  std::string workload{};  // what its provider says of it, domain/trust.h's workload_of; empty: a token of its own

  bool may(Permission permission, const Namespace& space) const;
  bool may_somewhere(Permission permission) const;  // in at least one namespace
  bool may_everywhere(Permission permission) const;
};

// Throw denied, saying which permission is missing where and which roles would give it.
void require(const Principal& principal, Permission permission, const Namespace& space);
void require_somewhere(const Principal& principal, Permission permission);
void require_everywhere(const Principal& principal, Permission permission);

}  // namespace assay
