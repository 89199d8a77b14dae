// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/quotas.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace assay {
namespace {

bool covers(const ReadableSpaces& spaces, const std::string& key) {
  return spaces.all || std::find(spaces.keys.begin(), spaces.keys.end(), key) != spaces.keys.end();
}

std::uint64_t unsigned_of(std::int64_t value) {
  return static_cast<std::uint64_t>(value);
}

// A row of: namespace's name, limit, used, versions.
Quota read_quota(const Rows& row) {
  Quota quota{.space = Namespace::parse(row.get<std::string>(0)), .limit = {}, .used = 0, .versions = 0};
  if (const auto limit = row.get<std::optional<std::int64_t>>(1)) quota.limit = unsigned_of(*limit);
  quota.used = unsigned_of(row.get<std::int64_t>(2));
  quota.versions = row.get<std::int64_t>(3);
  return quota;
}

// A row of: artifact, kind, namespace, name, versions, bytes.
ArtifactUsage read_usage(const Rows& row) {
  return {.artifact_id = row.get<std::int64_t>(0),
          .kind = kind_from_singular(row.get<std::string>(1)),
          .name = Name::of(row.get<std::string>(2), row.get<std::string>(3)),
          .versions = row.get<std::int64_t>(4),
          .bytes = unsigned_of(row.get<std::int64_t>(5))};
}

}  // namespace

bool has_quota(Snapshot& snapshot, const Namespace& space) {
  return snapshot.query("SELECT 1 FROM quotas WHERE space = ?", {space.key()}).next();
}

Quota find_quota(Snapshot& snapshot, const Namespace& space) {
  Rows rows = snapshot.query(
      "SELECT ?2, (SELECT bytes FROM quotas WHERE space = ?1), COALESCE(SUM(u.bytes), 0), "
      "COALESCE(SUM(u.versions), 0) FROM namespaces n JOIN artifacts a ON a.namespace_id = n.id "
      "JOIN artifact_usage u ON u.artifact_id = a.id WHERE n.key = ?1",
      {space.key(), space.text()});
  rows.next();
  return read_quota(rows);
}

std::vector<Quota> list_quotas(Snapshot& snapshot, const ReadableSpaces& spaces) {
  std::vector<Quota> out;
  Rows rows = snapshot.query(
      "WITH spaces (key, name) AS (SELECT key, name FROM namespaces UNION ALL SELECT space, name FROM quotas "
      "WHERE space NOT IN (SELECT key FROM namespaces)) "
      "SELECT s.name, q.bytes, COALESCE(SUM(u.bytes), 0), COALESCE(SUM(u.versions), 0) FROM spaces s "
      "LEFT JOIN quotas q ON q.space = s.key LEFT JOIN namespaces n ON n.key = s.key "
      "LEFT JOIN artifacts a ON a.namespace_id = n.id LEFT JOIN artifact_usage u ON u.artifact_id = a.id "
      "GROUP BY s.key ORDER BY s.key");
  while (rows.next()) {
    Quota quota = read_quota(rows);
    if (covers(spaces, quota.space.key())) out.push_back(std::move(quota));
  }
  return out;
}

void put_quota(Transaction& transaction, const Namespace& space, std::optional<std::uint64_t> limit,
               const std::string& by, Time at) {
  if (!limit) {
    transaction.execute("DELETE FROM quotas WHERE space = ?", {space.key()});
    return;
  }
  transaction.execute(
      "INSERT INTO quotas (space, name, bytes, set_at, set_by) VALUES (?, ?, ?, ?, ?) ON CONFLICT (space) "
      "DO UPDATE SET bytes = excluded.bytes, set_at = excluded.set_at, set_by = excluded.set_by",
      {space.key(), space.text(), *limit, at, by});
}

std::vector<ArtifactUsage> largest_artifacts(Snapshot& snapshot, const ReadableSpaces& spaces, int limit) {
  std::vector<ArtifactUsage> out;
  Rows rows = snapshot.query(
      "SELECT a.id, a.kind, n.name, a.name, u.versions, u.bytes, n.key FROM artifact_usage u "
      "JOIN artifacts a ON a.id = u.artifact_id JOIN namespaces n ON n.id = a.namespace_id "
      "WHERE u.versions > 0 ORDER BY u.bytes DESC, a.id");
  while (out.size() < static_cast<std::size_t>(limit) && rows.next())
    if (covers(spaces, rows.get<std::string>(6))) out.push_back(read_usage(rows));
  return out;
}

std::optional<ArtifactUsage> find_usage(Snapshot& snapshot, Kind kind, const Name& name) {
  Rows rows = snapshot.query(
      "SELECT a.id, a.kind, n.name, a.name, COALESCE(u.versions, 0), COALESCE(u.bytes, 0) FROM artifacts a "
      "JOIN namespaces n ON n.id = a.namespace_id LEFT JOIN artifact_usage u ON u.artifact_id = a.id "
      "WHERE a.kind = ? AND n.key = ? AND a.key = ?",
      {singular(kind), name.space().key(), name.key()});
  if (!rows.next()) return std::nullopt;
  return read_usage(rows);
}

}  // namespace assay
