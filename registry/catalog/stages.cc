// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/stages.h"

#include <fmt/format.h>

#include "registry/catalog/artifacts.h"
#include "storage/base/error.h"

namespace assay {
namespace {

// A row of kSelect.
Stage read_stage(const Rows& row) {
  Stage stage{.name = row.get<std::string>(0),
              .version = {},
              .revision = row.get<std::int64_t>(3),
              .policy_digest = row.get<std::optional<Digest>>(4),
              .updated_at = row.get<std::optional<Time>>(5),
              .updated_by = row.get<std::optional<std::string>>(6).value_or(""),
              .decision_id = row.get<std::optional<Id>>(7)};
  if (!row.null(1))
    stage.version = VersionMark{.number = row.get<std::int64_t>(1), .digest = row.get<Digest>(2)};
  return stage;
}

}  // namespace

std::optional<Stage> find_stage(Snapshot& snapshot, const Name& model, const StageName& stage) {
  Rows rows = snapshot.query(
      "SELECT s.name, s.number, m.digest, s.revision, s.policy_digest, s.updated_at, s.updated_by, "
      "s.decision_id "
      "FROM namespaces n JOIN artifacts a ON a.namespace_id = n.id JOIN stages s ON s.artifact_id = a.id "
      "LEFT JOIN versions v ON v.artifact_id = s.artifact_id AND v.number = s.number "
      "LEFT JOIN manifests m ON m.id = v.manifest_id "
      "WHERE n.key = ? AND a.kind = 'model' AND a.key = ? AND s.key = ?",
      {model.space().key(), model.key(), stage.key()});
  if (!rows.next()) return std::nullopt;
  return read_stage(rows);
}

std::vector<Stage> list_stages(Snapshot& snapshot, const Name& model) {
  std::vector<Stage> out;
  Rows rows = snapshot.query(
      "SELECT s.name, s.number, m.digest, s.revision, s.policy_digest, s.updated_at, s.updated_by, "
      "s.decision_id "
      "FROM namespaces n JOIN artifacts a ON a.namespace_id = n.id JOIN stages s ON s.artifact_id = a.id "
      "LEFT JOIN versions v ON v.artifact_id = s.artifact_id AND v.number = s.number "
      "LEFT JOIN manifests m ON m.id = v.manifest_id "
      "WHERE n.key = ? AND a.kind = 'model' AND a.key = ? AND (s.revision > 0 OR s.policy_digest IS NOT "
      "NULL) "
      "ORDER BY s.key",
      {model.space().key(), model.key()});
  while (rows.next()) out.push_back(read_stage(rows));
  return out;
}

std::vector<std::string> stages_of_version(Snapshot& snapshot, std::int64_t version_id) {
  std::vector<std::string> out;
  Rows rows = snapshot.query(
      "SELECT s.name FROM versions v JOIN stages s ON s.artifact_id = v.artifact_id AND s.number = v.number "
      "WHERE v.id = ? ORDER BY s.key",
      {version_id});
  while (rows.next()) out.push_back(rows.get<std::string>(0));
  return out;
}

std::vector<std::string> stages_holding(Snapshot& snapshot, const Digest& digest, const ReadableSpaces& readable) {
  std::vector<std::string> out;
  Rows rows = snapshot.query(
      "SELECT v.namespace || '/' || v.name || '@' || s.name FROM live_versions v JOIN stages s "
      "ON s.artifact_id = v.artifact_id AND s.number = v.number WHERE v.digest = ?1 AND (?2 IS NULL OR "
      "v.namespace_key IN (SELECT value FROM json_each(?2))) ORDER BY 1",
      {digest, readable.keys_json()});
  while (rows.next()) out.push_back(rows.get<std::string>(0));
  return out;
}

std::int64_t model_key(Snapshot& snapshot, const Name& model) {
  if (const auto id = find_artifact_id(snapshot, Kind::model, model)) return *id;
  throw Error(Code::not_found,
              fmt::format("There is no model {}; push or train a version of it first", model.text()));
}

void ensure_stage(Transaction& transaction, const Name& model, const StageName& stage) {
  transaction.execute("INSERT INTO stages (artifact_id, key, name) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                      {model_key(transaction, model), stage.key(), stage.text()});
}

bool move_stage(Transaction& transaction, const StageMove& move) {
  ensure_stage(transaction, move.model, move.stage);
  return transaction.execute(
             "UPDATE stages SET number = ?, revision = revision + 1, updated_at = ?, updated_by = ?, "
             "decision_id = ? "
             "WHERE artifact_id = ? AND key = ? AND revision = ?",
             {move.number, move.at, move.actor, move.decision, model_key(transaction, move.model),
              move.stage.key(), move.expected_revision}) == 1;
}

}  // namespace assay
