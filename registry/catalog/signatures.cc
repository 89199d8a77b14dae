// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/signatures.h"

namespace assay {
namespace {

// A row of id, hint, bundle, at, by.
StoredSignature read_signature(const Rows& row) {
  return {row.get<Id>(0), row.get<std::string>(1), row.get<std::string>(2), row.get<Time>(3), row.get<std::string>(4)};
}

}  // namespace

std::vector<StoredSignature> signatures_of(Snapshot& snapshot, const Namespace& space, const Digest& model,
                                           const std::optional<Time>& as_of) {
  std::vector<StoredSignature> out;
  Rows rows = snapshot.query(
      "SELECT id, hint, bundle, at, by FROM signatures WHERE space = ? AND model = ? AND at <= ? ORDER BY seq",
      {space.key(), model, as_of.value_or(Time::max())});
  while (rows.next()) out.push_back(read_signature(rows));
  return out;
}

std::optional<StoredSignature> find_signature(Snapshot& snapshot, const Namespace& space, const Digest& model,
                                              std::string_view bundle) {
  Rows rows = snapshot.query(
      "SELECT id, hint, bundle, at, by FROM signatures WHERE space = ? AND model = ? AND bundle_digest = ?",
      {space.key(), model, Digest::of(bundle)});
  if (!rows.next()) return std::nullopt;
  return read_signature(rows);
}

void append_signature(Transaction& transaction, const Namespace& space, const Digest& model,
                      const StoredSignature& signature) {
  transaction.execute(
      "INSERT INTO signatures (id, space, model, hint, bundle_digest, bundle, at, by) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      {signature.id, space.key(), model, signature.hint, Digest::of(signature.bundle), signature.bundle, signature.at,
       signature.by});
}

}  // namespace assay
