// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/holdings.h"

namespace assay {
namespace {

std::int64_t number(Rows rows) {
  rows.next();
  return rows.get<std::int64_t>(0);
}

}  // namespace

std::vector<Holding> holdings(Snapshot& snapshot) {
  std::vector<Holding> out;
  Rows rows = snapshot.query(
      "SELECT a.kind, COUNT(*), COALESCE(SUM(u.versions), 0), COALESCE(SUM(u.bytes), 0) FROM artifacts a "
      "LEFT JOIN artifact_usage u ON u.artifact_id = a.id GROUP BY a.kind");
  while (rows.next())
    out.push_back({kind_from_singular(rows.get<std::string>(0)), rows.get<std::int64_t>(1), rows.get<std::int64_t>(2),
                   static_cast<std::uint64_t>(rows.get<std::int64_t>(3))});
  return out;
}

std::int64_t newest_audit(Snapshot& snapshot) {
  return number(snapshot.query("SELECT COALESCE(MAX(seq), 0) FROM audit"));
}

std::int64_t newest_decision(Snapshot& snapshot) {
  return number(snapshot.query("SELECT COALESCE(MAX(seq), 0) FROM decisions"));
}

std::map<std::string, std::int64_t> decisions_after(Snapshot& snapshot, std::int64_t after) {
  std::map<std::string, std::int64_t> out;
  Rows rows = snapshot.query("SELECT verdict FROM decisions WHERE seq > ?", {after});
  while (rows.next()) ++out[rows.get<std::string>(0)];
  return out;
}

DueDeliveries due_deliveries(Snapshot& snapshot) {
  Rows rows = snapshot.query(
      "SELECT COUNT(*), MIN(e.at) FROM deliveries d LEFT JOIN events e ON e.seq = d.event_seq WHERE d.status = 'due'");
  rows.next();
  return {rows.get<std::int64_t>(0), rows.get<std::optional<Time>>(1)};
}

}  // namespace assay
