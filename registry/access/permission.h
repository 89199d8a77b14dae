// SPDX-License-Identifier: Apache-2.0
// What a route asks for and what each role gives. Registering is not promoting is not deleting.
#pragma once

#include <string_view>

#include "registry/domain/role.h"

namespace assay {

enum class Permission {
  public_,  // nobody needs to say who they are
  read,
  register_,  // upload and publish
  evaluate,   // record runs and evidence
  promote,    // move stages
  delete_,    // delete versions
  admin,      // tokens, policies, quotas, the audit trail, jobs
};

std::string_view text(Permission permission);  // `public`, `read`, `register` …

// reader: read · writer: read, register, evaluate · promoter: read, promote · admin: all.
bool permits(Role role, Permission permission);

}  // namespace assay
