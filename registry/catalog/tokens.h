// SPDX-License-Identifier: Apache-2.0
// Tokens in the catalogue: their hashes and what they permit, never the secrets.
#pragma once

#include <optional>
#include <string>

#include "registry/catalog/database.h"
#include "registry/domain/role.h"

namespace assay {

struct TokenRecord {
  Id id;
  Digest hash;
  std::string name;
  Grant grant;
  Time created_at;
  std::string created_by;
  std::optional<Time> expires_at;  // from then on it is refused
  std::optional<Time> revoked_at;
  std::string workload{};  // a JSON object that says who it was given to; empty: somebody made it
};

void insert_token(Transaction& transaction, const TokenRecord& token);
std::optional<TokenRecord> find_token(Snapshot& snapshot, const Digest& hash);
std::optional<TokenRecord> find_token(Snapshot& snapshot, const Id& id);
// Keeps the first time when it was revoked before.
void revoke_token(Transaction& transaction, const Id& id, Time now);
bool any_token(Snapshot& snapshot);
// Those of workloads that expired before: they come by the hundred, and records keep what they said.
void forget_workload_tokens(Transaction& transaction, Time expired_before);

}  // namespace assay
