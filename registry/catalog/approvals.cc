// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/approvals.h"

#include "registry/catalog/artifacts.h"
#include "registry/catalog/stages.h"

namespace assay {

std::vector<Approval> approvals_of(Snapshot& snapshot, const Name& model, const StageName& stage, VersionNumber number,
                                   const std::optional<Time>& as_of) {
  std::vector<Approval> out;
  Rows rows = snapshot.query(
      "SELECT binding, approver, agrees, reason, at FROM approvals WHERE artifact_id = ? AND stage = ? AND number = ? "
      "AND at <= ? ORDER BY seq",
      {find_artifact_id(snapshot, Kind::model, model).value_or(-1), stage.key(), number, as_of.value_or(Time::max())});
  while (rows.next())
    out.push_back({.binding = rows.get<Digest>(0),
                   .approver = rows.get<std::string>(1),
                   .agrees = rows.get<bool>(2),
                   .reason = rows.get<std::string>(3),
                   .at = rows.get<Time>(4)});
  return out;
}

void append_approval(Transaction& transaction, const Decision& decision, const Approval& approval, const Id& token) {
  transaction.execute(
      "INSERT INTO approvals (artifact_id, stage, number, binding, decision_id, approver, token, agrees, reason, at) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {model_key(transaction, Name::of(decision.namespace_, decision.model)), StageName::parse(decision.stage).key(),
       decision.candidate.number, approval.binding, *decision.id, approval.approver, token, approval.agrees,
       approval.reason, approval.at});
}

}  // namespace assay
