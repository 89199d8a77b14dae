// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/audit.h"

#include <limits>

#include "registry/catalog/cursor.h"

namespace assay {

std::int64_t append_audit(Transaction& transaction, const AuditEntry& entry) {
  // Rows are never removed and one thread writes, so SQLite's max+1 leaves no gap.
  transaction.execute("INSERT INTO audit (time, actor, action, subject, details) VALUES (?, ?, ?, ?, ?)",
                      {entry.time, entry.actor, entry.action, entry.subject, entry.details});
  return transaction.last_insert_id();
}

Page<AuditEntry> list_audit(Snapshot& snapshot, const PageRequest& page) {
  const std::int64_t before = page.cursor ? integer_key(decode_cursor("audit", *page.cursor, 1)[0])
                                          : std::numeric_limits<std::int64_t>::max();
  Page<AuditEntry> out;
  Rows rows = snapshot.query(
      "SELECT seq, time, actor, action, subject, details FROM audit WHERE seq < ? ORDER BY seq DESC LIMIT ?",
      {before, page.limit + 1});
  while (rows.next()) {
    if (out.items.size() == static_cast<std::size_t>(page.limit)) {
      out.next_cursor = encode_cursor("audit", {std::to_string(out.items.back().seq)});
      break;
    }
    out.items.push_back({rows.get<std::int64_t>(0), rows.get<Time>(1), rows.get<std::string>(2),
                         rows.get<std::string>(3), rows.get<std::string>(4), rows.get<std::string>(5)});
  }
  return out;
}

}  // namespace assay
