// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/audit.h"

#include <limits>

#include "registry/catalog/audit_tree.h"
#include "registry/catalog/cursor.h"

namespace assay {
namespace {

AuditEntry entry_of(const Rows& rows) {
  return {rows.get<std::int64_t>(0), rows.get<Time>(1),        rows.get<std::string>(2),
          rows.get<std::string>(3),  rows.get<std::string>(4), rows.get<std::string>(5)};
}

}  // namespace

std::int64_t append_audit(Transaction& transaction, const AuditEntry& entry) {
  // Rows are never removed and one thread writes, so SQLite's max+1 leaves no gap.
  transaction.execute("INSERT INTO audit (time, actor, action, subject, details) VALUES (?, ?, ?, ?, ?)",
                      {entry.time, entry.actor, entry.action, entry.subject, entry.details});
  AuditEntry appended = entry;
  appended.seq = transaction.last_insert_id();
  append_leaf(transaction, appended);
  return appended.seq;
}

Page<AuditEntry> list_audit(Snapshot& snapshot, const PageRequest& page) {
  const std::int64_t last = page.cursor ? integer_key(decode_cursor("audit", *page.cursor, 1)[0]) - 1
                                        : std::numeric_limits<std::int64_t>::max();
  Page<AuditEntry> out;
  Rows rows = snapshot.query(
      "SELECT seq, time, actor, action, subject, details FROM audit WHERE seq BETWEEN 1 AND ? ORDER BY seq DESC LIMIT ?",
      {last, page.limit + 1});
  while (rows.next()) {
    if (out.items.size() == static_cast<std::size_t>(page.limit)) {
      out.next_cursor = encode_cursor("audit", {std::to_string(out.items.back().seq)});
      break;
    }
    out.items.push_back(entry_of(rows));
  }
  return out;
}

std::uint64_t count_audit(Snapshot& snapshot) {
  Rows rows = snapshot.query("SELECT COUNT(*) FROM audit");
  rows.next();
  return static_cast<std::uint64_t>(rows.get<std::int64_t>(0));
}

void read_audit(Snapshot& snapshot, std::int64_t seq, const std::function<bool(const AuditEntry&)>& use) {
  Rows rows = snapshot.query(
      "SELECT seq, time, actor, action, subject, details FROM audit WHERE seq > ? ORDER BY seq", {seq});
  while (rows.next() && use(entry_of(rows))) {
  }
}

}  // namespace assay
