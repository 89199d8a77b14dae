// SPDX-License-Identifier: Apache-2.0
// What people say of a promotion that passes every rule: who must be asked, and what was answered.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "registry/domain/role.h"
#include "registry/domain/time.h"
#include "storage/base/digest.h"

namespace assay {

// What a policy asks.
struct ApprovalTerms {
  static constexpr int kMost = 16;

  int count = 0;  // different people; 0 asks for none
  Role role = Role::promoter;
  bool author_may_not = false;  // neither who published the version nor who asked for its promotion counts

  bool operator==(const ApprovalTerms&) const = default;
};

struct Approval {
  Digest binding;  // of what was looked at: Decision::approval_binding
  std::string approver{};
  bool agrees = true;
  std::string reason{};
  Time at{};

  bool operator==(const Approval&) const = default;
};

// {"binding","approver","agrees","reason","at"}
void to_json(nlohmann::json& json, const Approval& approval);
Approval approval_from_json(const nlohmann::json& document, const std::string& what);

}  // namespace assay
