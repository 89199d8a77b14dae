// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/tokens.h"

namespace assay {
namespace {

std::optional<TokenRecord> read_one(Rows rows) {
  if (!rows.next()) return std::nullopt;
  Grant grant{parse_role(rows.get<std::string>(3)), std::nullopt};
  if (const auto space = rows.get<std::optional<std::string>>(4)) grant.space = Namespace::parse(*space);
  return TokenRecord{rows.get<Id>(0),
                     rows.get<Digest>(1),
                     rows.get<std::string>(2),
                     std::move(grant),
                     rows.get<Time>(5),
                     rows.get<std::string>(6),
                     rows.get<std::optional<Time>>(7),
                     rows.get<std::optional<Time>>(8),
                     rows.get<std::optional<std::string>>(9).value_or("")};
}

}  // namespace

void insert_token(Transaction& transaction, const TokenRecord& token) {
  std::optional<std::string> space;
  if (token.grant.space) space = token.grant.space->text();
  transaction.execute(
      "INSERT INTO tokens (id, hash, name, role, namespace, created_at, created_by, expires_at, revoked_at, "
      "workload) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, nullif(?, ''))",
      {token.id, token.hash, token.name, text(token.grant.role), space, token.created_at, token.created_by,
       token.expires_at, token.revoked_at, token.workload});
}

std::optional<TokenRecord> find_token(Snapshot& snapshot, const Digest& hash) {
  return read_one(
      snapshot.query("SELECT id, hash, name, role, namespace, created_at, created_by, expires_at, "
                     "revoked_at, workload FROM tokens WHERE hash = ?",
                     {hash}));
}

std::optional<TokenRecord> find_token(Snapshot& snapshot, const Id& id) {
  return read_one(
      snapshot.query("SELECT id, hash, name, role, namespace, created_at, created_by, expires_at, "
                     "revoked_at, workload FROM tokens WHERE id = ?",
                     {id}));
}

void revoke_token(Transaction& transaction, const Id& id, Time now) {
  transaction.execute("UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", {now, id});
}

void forget_workload_tokens(Transaction& transaction, Time expired_before) {
  transaction.execute("DELETE FROM tokens WHERE workload IS NOT NULL AND expires_at < ?", {expired_before});
}

bool any_token(Snapshot& snapshot) {
  return snapshot.query("SELECT 1 FROM tokens LIMIT 1").next();
}

}  // namespace assay
