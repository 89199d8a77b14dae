// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/policies.h"

#include <nlohmann/json.hpp>

#include "registry/catalog/artifacts.h"
#include "registry/catalog/stages.h"

namespace assay {
namespace {

std::optional<Policy> read_one(Rows rows) {
  if (!rows.next()) return std::nullopt;
  return Policy::parse(nlohmann::json::parse(rows.get<std::string>(0)));
}

}  // namespace

void put_policy(Transaction& transaction, const Name& model, const Policy& policy, const std::string& actor,
                Time at) {
  const std::string document = policy.canonical();
  const Digest digest = Digest::of(document);
  transaction.execute("INSERT INTO policies (digest, document) VALUES (?, ?) ON CONFLICT DO NOTHING",
                      {digest, document});
  ensure_stage(transaction, model, policy.stage());
  const std::int64_t artifact = model_key(transaction, model);
  transaction.execute("UPDATE stages SET policy_digest = ? WHERE artifact_id = ? AND key = ?",
                      {digest, artifact, policy.stage().key()});
  transaction.execute(
      "INSERT INTO policy_history (artifact_id, stage, digest, set_at, set_by) VALUES (?, ?, ?, ?, ?)",
      {artifact, policy.stage().key(), digest, at, actor});
}

std::optional<Policy> find_policy(Snapshot& snapshot, const Name& model, const StageName& stage) {
  return read_one(
      snapshot.query("SELECT p.document FROM namespaces n JOIN artifacts a ON a.namespace_id = n.id "
                     "JOIN stages s ON s.artifact_id = a.id JOIN policies p ON p.digest = s.policy_digest "
                     "WHERE n.key = ? AND a.kind = 'model' AND a.key = ? AND s.key = ?",
                     {model.space().key(), model.key(), stage.key()}));
}

std::optional<Policy> find_policy(Snapshot& snapshot, const Digest& digest) {
  return read_one(snapshot.query("SELECT document FROM policies WHERE digest = ?", {digest}));
}

std::optional<Digest> policy_at(Snapshot& snapshot, const Name& model, const StageName& stage, Time time) {
  Rows rows = snapshot.query(
      "SELECT digest FROM policy_history WHERE artifact_id = ? AND stage = ? AND set_at <= ? ORDER BY seq "
      "DESC LIMIT 1",
      {find_artifact_id(snapshot, Kind::model, model).value_or(-1), stage.key(), time});
  if (!rows.next()) return std::nullopt;
  return rows.get<Digest>(0);
}

}  // namespace assay
