// SPDX-License-Identifier: Apache-2.0
#include "registry/access/permission.h"

namespace assay {

std::string_view text(Permission permission) {
  switch (permission) {
    case Permission::public_:
      return "public";
    case Permission::read:
      return "read";
    case Permission::register_:
      return "register";
    case Permission::evaluate:
      return "evaluate";
    case Permission::promote:
      return "promote";
    case Permission::delete_:
      return "delete";
    case Permission::admin:
      break;
  }
  return "admin";
}

bool permits(Role role, Permission permission) {
  switch (permission) {
    case Permission::public_:
    case Permission::read:
      return true;
    case Permission::register_:
    case Permission::evaluate:
      return role == Role::writer || role == Role::admin;
    case Permission::promote:
      return role == Role::promoter || role == Role::admin;
    case Permission::delete_:
    case Permission::admin:
      break;
  }
  return role == Role::admin;
}

}  // namespace assay
