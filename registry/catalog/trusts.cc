// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/trusts.h"

namespace assay {
namespace {

Trust read_trust(const Rows& rows) {
  return Trust::parse(rows.get<std::string>(0), nlohmann::json::parse(rows.get<std::string>(1)));
}

}  // namespace

void put_trust(Transaction& transaction, const Trust& trust, const std::string& actor, Time at) {
  transaction.execute(
      "INSERT INTO trusts (name, document, at, by) VALUES (?, ?, ?, ?) "
      "ON CONFLICT (name) DO UPDATE SET document = excluded.document, at = excluded.at, by = excluded.by",
      {trust.name, trust_document(trust).dump(), at, actor});
}

bool remove_trust(Transaction& transaction, const std::string& name) {
  if (!find_trust(transaction, name)) return false;
  transaction.execute("DELETE FROM trusts WHERE name = ?", {name});
  return true;
}

std::optional<Trust> find_trust(Snapshot& snapshot, const std::string& name) {
  Rows rows = snapshot.query("SELECT name, document FROM trusts WHERE name = ?", {name});
  if (!rows.next()) return std::nullopt;
  return read_trust(rows);
}

std::vector<Trust> list_trusts(Snapshot& snapshot) {
  std::vector<Trust> out;
  Rows rows = snapshot.query("SELECT name, document FROM trusts ORDER BY name");
  while (rows.next()) out.push_back(read_trust(rows));
  return out;
}

}  // namespace assay
