// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/evidence_result.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "registry/domain/json_reader.h"

namespace assay {
namespace {

using nlohmann::json;

json mark(const std::optional<ArtifactVersion>& version) {
  if (!version) return nullptr;
  return {{"reference", version->reference}, {"digest", version->digest.text()}};
}

std::optional<ArtifactVersion> version_from(JsonObject& result, const std::string& key, Kind kind) {
  const json* document = result.optional_any(key);
  if (document == nullptr || document->is_null()) return std::nullopt;
  JsonObject object(*document, "result." + key);
  ArtifactVersion version{kind, object.text("reference"), digest_from(object, "digest"), {}};
  object.finish();
  return version;
}

}  // namespace

void to_json(json& out, const EvidenceResult& result) {
  const auto verdict = derive_verdict(result.draft.rows);
  out = {{"evidence_id", result.evidence.text()},
         {"run_id", result.run.text()},
         {"kind", to_text(result.draft.kind)},
         {"model", mark(result.model)},
         {"data", mark(result.data)},
         {"reference", mark(result.reference)},
         {"dataset_digest", result.draft.dataset.text()},
         {"plugin", result.draft.plugin},
         {"config", json::parse(result.draft.config.canonical)},
         {"seed", result.draft.seed},
         {"rows_read", result.rows_read},
         {"rows", rows_to_json(result.draft.rows)},
         {"verdict", verdict ? json(to_text(*verdict)) : json()}};
}

EvidenceResult evidence_result_from_json(const json& document) {
  JsonObject object(document, "result");
  const EvidenceKind kind = parse_evidence_kind(object.text("kind"), "result.kind");
  const Kind other = kind == EvidenceKind::comparison ? Kind::model : Kind::dataset;
  EvidenceResult result{
      .evidence = Id::parse(object.text("evidence_id")),
      .run = Id::parse(object.text("run_id")),
      .draft = {.kind = kind,
                .model = {},
                .dataset = digest_from(object, "dataset_digest"),
                .reference = {},
                .slice = {},
                .plugin = plugin_use_from_json(object.any("plugin"), "result.plugin"),
                .config = config_from(object),
                .seed = seed_from(object),
                .run = {},
                .rows = rows_from_json(kind, object.any("rows"))},
      .model = version_from(object, "model", Kind::model),
      .data = version_from(object, "data", Kind::dataset),
      .reference = version_from(object, "reference", other),
      .rows_read = object.integer("rows_read", 0, std::numeric_limits<std::int64_t>::max())};
  object.optional_any("verdict");  // follows from the rows
  object.finish();
  return result;
}

}  // namespace assay
