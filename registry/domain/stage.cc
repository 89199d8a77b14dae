// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/stage.h"

#include <nlohmann/json.hpp>

#include "registry/domain/evidence.h"
#include "registry/domain/json_reader.h"

namespace assay {

using nlohmann::json;

void to_json(json& out, const VersionMark& mark) {
  out = {{"number", mark.number}, {"digest", mark.digest.text()}};
}

VersionMark version_mark_from_json(const json& document, const std::string& what) {
  JsonObject object(document, what);
  VersionMark mark{.number = object.integer("number", 1, INT64_MAX), .digest = digest_from(object, "digest")};
  object.finish();
  return mark;
}

void to_json(json& out, const Stage& stage) {
  out = {{"stage", stage.name},
         {"version", stage.version ? json(*stage.version) : json()},
         {"revision", stage.revision},
         {"policy_digest", stage.policy_digest ? json(stage.policy_digest->text()) : json()},
         {"updated_at", stage.updated_at ? json(format_time(*stage.updated_at)) : json()},
         {"updated_by", stage.updated_by},
         {"decision_id", stage.decision_id ? json(stage.decision_id->text()) : json()}};
}

Stage stage_from_json(const json& document) {
  JsonObject object(document, "stage");
  Stage stage{.name = object.text("stage"),
              .version = {},
              .revision = object.integer("revision", 0, INT64_MAX),
              .policy_digest = optional_digest_from(object, "policy_digest"),
              .updated_at = {},
              .updated_by = object.optional_text("updated_by").value_or(""),
              .decision_id = optional_id_from(object, "decision_id")};
  if (const json* version = object.optional_object("version"))
    stage.version = version_mark_from_json(*version, "stage.version");
  if (const auto time = object.optional_text("updated_at")) stage.updated_at = parse_time(*time);
  object.finish();
  return stage;
}

}  // namespace assay
