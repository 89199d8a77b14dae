// SPDX-License-Identifier: Apache-2.0
// One change, as the audit trail keeps it: who did what to which thing, and when.
#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "registry/domain/time.h"

namespace assay {

struct AuditEntry {
  std::int64_t seq = 0;  // 1, 2, 3 …, given when it is appended
  Time time;
  std::string actor;           // the principal's name
  std::string action;          // a verb, snake_case: `publish`, `promote`, `create_token`
  std::string subject;         // what was changed: `models/default/churn@3`, `tokens/<id>`
  std::string details = "{}";  // a canonical JSON object; never a secret
};

// {"seq","time","actor","action","subject","details"}
void to_json(nlohmann::json& json, const AuditEntry& entry);

// That as canonical JSON: the bytes that the trail's Merkle tree (merkle.h) holds, so that whoever is shown the entry can
// hash it. Throws corrupt when the entry has no such form.
std::string entry_text(const AuditEntry& entry);

}  // namespace assay
