// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/request_keys.h"

namespace assay {

std::optional<KeyedRequest> find_request_key(Snapshot& snapshot, const Id& caller, std::string_view key,
                                             Time since) {
  Rows rows = snapshot.query(
      "SELECT operation, fingerprint, subject, created_at FROM request_keys WHERE caller = ? AND key = ? "
      "AND created_at >= ?",
      {caller, key, since});
  if (!rows.next()) return std::nullopt;
  return KeyedRequest{rows.get<std::string>(0), rows.get<Digest>(1), rows.get<std::string>(2),
                      rows.get<Time>(3)};
}

void put_request_key(Transaction& transaction, const Id& caller, std::string_view key,
                     const KeyedRequest& request) {
  transaction.execute(
      "INSERT OR REPLACE INTO request_keys (caller, key, operation, fingerprint, subject, created_at) "
      "VALUES (?, ?, ?, ?, ?, ?)",
      {caller, key, request.operation, request.fingerprint, request.subject, request.created_at});
}

std::int64_t forget_request_keys(Transaction& transaction, Time before, int limit) {
  return transaction.execute(
      "DELETE FROM request_keys WHERE (caller, key) IN (SELECT caller, key FROM request_keys "
      "WHERE created_at < ? LIMIT ?)",
      {before, limit});
}

}  // namespace assay
