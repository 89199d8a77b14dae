// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/trusted_keys.h"

namespace assay {

std::vector<TrustedKey> trusted_keys(Snapshot& snapshot, const Namespace& space, const std::optional<Time>& as_of) {
  std::vector<TrustedKey> out;
  Rows rows = snapshot.query(
      "SELECT name, pem, at, by FROM trusted_keys WHERE seq IN "
      "(SELECT MAX(seq) FROM trusted_keys WHERE space = ? AND at <= ? GROUP BY key) AND pem IS NOT NULL ORDER BY key",
      {space.key(), as_of.value_or(Time::max())});
  while (rows.next())
    out.push_back({KeyName::parse(rows.get<std::string>(0)), rows.get<std::string>(1), rows.get<Time>(2),
                   rows.get<std::string>(3)});
  return out;
}

std::optional<TrustedKey> find_trusted_key(Snapshot& snapshot, const Namespace& space, const KeyName& name) {
  for (TrustedKey& key : trusted_keys(snapshot, space))
    if (key.name == name) return std::move(key);
  return std::nullopt;
}

void append_trusted_key(Transaction& transaction, const Namespace& space, const KeyName& name,
                        const std::optional<std::string>& pem, const std::string& actor, Time at) {
  transaction.execute("INSERT INTO trusted_keys (space, key, name, pem, at, by) VALUES (?, ?, ?, ?, ?, ?)",
                      {space.key(), name.key(), name.text(), pem, at, actor});
}

}  // namespace assay
