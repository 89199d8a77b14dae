// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/scrub_progress.h"

namespace assay {

std::optional<std::string> find_scrub_progress(Snapshot& snapshot) {
  Rows rows = snapshot.query("SELECT document FROM scrub_progress WHERE id = 1");
  if (!rows.next()) return std::nullopt;
  return rows.get<std::string>(0);
}

void put_scrub_progress(Transaction& transaction, const std::string& document, Time at) {
  transaction.execute(
      "INSERT INTO scrub_progress (id, document, updated_at) VALUES (1, ?, ?) ON CONFLICT (id) DO UPDATE SET "
      "document = excluded.document, updated_at = excluded.updated_at",
      {document, at});
}

}  // namespace assay
