// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/leases.h"

#include "registry/catalog/artifacts.h"
#include "registry/catalog/stages.h"

namespace assay {

std::optional<Lease> find_lease(Snapshot& snapshot, const Name& model, const StageName& stage, Time now) {
  Rows rows = snapshot.query(
      "SELECT l.token, l.holder, l.reason, l.until FROM namespaces n JOIN artifacts a ON a.namespace_id = n.id "
      "JOIN leases l ON l.artifact_id = a.id WHERE n.key = ? AND a.kind = 'model' AND a.key = ? AND l.stage = ? "
      "ORDER BY l.seq DESC LIMIT 1",
      {model.space().key(), model.key(), stage.key()});
  if (!rows.next()) return std::nullopt;
  Lease lease{.token = Id::parse(rows.get<std::string>(0)),
              .holder = rows.get<std::string>(1),
              .reason = rows.get<std::string>(2),
              .until = rows.get<Time>(3)};
  return lease.until > now ? std::optional(std::move(lease)) : std::nullopt;
}

void append_lease(Transaction& transaction, const Name& model, const StageName& stage, const Lease& lease, Time at) {
  transaction.execute(
      "INSERT INTO leases (artifact_id, stage, token, holder, reason, at, until) VALUES (?, ?, ?, ?, ?, ?, ?)",
      {model_key(transaction, model), stage.key(), lease.token, lease.holder, lease.reason, at, lease.until});
}

}  // namespace assay
