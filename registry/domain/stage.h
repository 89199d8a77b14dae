// SPDX-License-Identifier: Apache-2.0
// A named pointer from a model to one of its versions. It moves only by a decision; its revision counts the
// moves.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "registry/domain/id.h"
#include "registry/domain/reference.h"
#include "registry/domain/time.h"
#include "storage/base/digest.h"

namespace assay {

// A version as stages and decisions name it.
struct VersionMark {
  VersionNumber number;
  Digest digest;

  bool operator==(const VersionMark&) const = default;
};

struct Stage {
  std::string name;  // as it was first spelled
  std::optional<VersionMark> version;
  std::int64_t revision = 0;  // 0: nothing was ever admitted
  std::optional<Digest> policy_digest;
  std::optional<Time> updated_at;  // of the last move
  std::string updated_by;
  std::optional<Id> decision_id;  // the one that moved it here

  bool operator==(const Stage&) const = default;
};

void to_json(nlohmann::json& json, const VersionMark& mark);
// `what` names the object in messages.
VersionMark version_mark_from_json(const nlohmann::json& document, const std::string& what);
// {"stage","version","revision","policy_digest","updated_at","updated_by","decision_id"}
void to_json(nlohmann::json& json, const Stage& stage);
// Reads what to_json wrote.
Stage stage_from_json(const nlohmann::json& document);

}  // namespace assay
