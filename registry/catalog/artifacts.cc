// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/artifacts.h"

#include <algorithm>

#include "registry/catalog/cursor.h"
#include "registry/catalog/stages.h"
#include "registry/catalog/versions.h"

namespace assay {
namespace {

std::int64_t ensure_namespace(Transaction& transaction, const Namespace& space) {
  transaction.execute("INSERT INTO namespaces (key, name) VALUES (?, ?) ON CONFLICT (key) DO NOTHING",
                      {space.key(), space.text()});
  Rows row = transaction.query("SELECT id FROM namespaces WHERE key = ?", {space.key()});
  row.next();
  return row.get<std::int64_t>(0);
}

// Only models have stages.
std::map<std::string, VersionNumber> stage_numbers(Snapshot& snapshot, Kind kind, const Name& name) {
  std::map<std::string, VersionNumber> numbers;
  if (kind != Kind::model) return numbers;
  for (const Stage& stage : list_stages(snapshot, name))
    if (stage.version) numbers.emplace(stage.name, stage.version->number);
  return numbers;
}

std::int64_t count_live_versions(Snapshot& snapshot, std::int64_t artifact_id) {
  Rows row = snapshot.query(
      "SELECT last_number - (SELECT COUNT(*) FROM versions WHERE artifact_id = ?1 AND deleted_at IS NOT "
      "NULL) "
      "FROM artifacts WHERE id = ?1",
      {artifact_id});
  row.next();
  return row.get<std::int64_t>(0);
}

// Completes a row of: id, namespace's name, name, created_at.
Artifact read_artifact(Snapshot& snapshot, Kind kind, const Rows& row) {
  const Name name = Name::of(row.get<std::string>(1), row.get<std::string>(2));
  return {.kind = kind,
          .name = name,
          .latest = newest_version(snapshot, kind, name),
          .version_count = count_live_versions(snapshot, row.get<std::int64_t>(0)),
          .stages = stage_numbers(snapshot, kind, name),
          .created_at = row.get<Time>(3)};
}

struct Space {
  std::int64_t id;
  std::string key, name;
};

// The readable namespaces from `first` on, in order.
std::vector<Space> spaces_from(Snapshot& snapshot, const ReadableSpaces& readable, const std::string& first) {
  std::vector<Space> out;
  Rows rows = snapshot.query("SELECT id, key, name FROM namespaces WHERE key >= ? ORDER BY key", {first});
  while (rows.next()) {
    Space space{rows.get<std::int64_t>(0), rows.get<std::string>(1), rows.get<std::string>(2)};
    if (readable.all ||
        std::find(readable.keys.begin(), readable.keys.end(), space.key) != readable.keys.end())
      out.push_back(std::move(space));
  }
  return out;
}

}  // namespace

std::optional<std::int64_t> find_artifact_id(Snapshot& snapshot, Kind kind, const Name& name) {
  Rows rows = snapshot.query(
      "SELECT a.id FROM artifacts a JOIN namespaces n ON n.id = a.namespace_id "
      "WHERE a.kind = ? AND n.key = ? AND a.key = ?",
      {singular(kind), name.space().key(), name.key()});
  if (!rows.next()) return std::nullopt;
  return rows.get<std::int64_t>(0);
}

std::int64_t ensure_artifact(Transaction& transaction, Kind kind, const Name& name, Time now) {
  if (const auto known = find_artifact_id(transaction, kind, name)) return *known;
  const std::int64_t space = ensure_namespace(transaction, name.space());
  transaction.execute(
      "INSERT INTO artifacts (kind, namespace_id, key, name, created_at) VALUES (?, ?, ?, ?, ?)",
      {singular(kind), space, name.key(), name.name(), now});
  return transaction.last_insert_id();
}

std::optional<Artifact> find_artifact(Snapshot& snapshot, Kind kind, const Name& name) {
  Rows rows = snapshot.query(
      "SELECT a.id, n.name, a.name, a.created_at FROM artifacts a JOIN namespaces n "
      "ON n.id = a.namespace_id WHERE a.kind = ? AND n.key = ? AND a.key = ?",
      {singular(kind), name.space().key(), name.key()});
  if (!rows.next()) return std::nullopt;
  return read_artifact(snapshot, kind, rows);
}

// Namespace by namespace, each through the index that makes names unique.
Page<Artifact> list_artifacts(Snapshot& snapshot, Kind kind, const ReadableSpaces& spaces,
                              const PageRequest& page) {
  std::vector<std::string> after = {"", ""};
  if (page.cursor) after = decode_cursor("artifacts", *page.cursor, 2);
  const auto limit = static_cast<std::size_t>(page.limit);
  std::size_t files = 0;
  Page<Artifact> out;
  for (const Space& space : spaces_from(snapshot, spaces, after[0])) {
    Rows rows = snapshot.query(
        "SELECT id, ?, name, created_at FROM artifacts WHERE kind = ? AND namespace_id = ? AND key > ? "
        "ORDER BY key LIMIT ?",
        {space.name, singular(kind), space.id, space.key == after[0] ? after[1] : "", page.limit + 1});
    while (rows.next()) {
      if (out.items.size() == limit || files > kMaxPageFiles) {
        const Name& last = out.items.back().name;
        out.next_cursor = encode_cursor("artifacts", {last.space().key(), last.key()});
        return out;
      }
      out.items.push_back(read_artifact(snapshot, kind, rows));
      if (out.items.back().latest) files += out.items.back().latest->files.size();
    }
  }
  return out;
}

std::vector<std::string> artifact_names(Snapshot& snapshot, Kind kind, const Namespace& space) {
  std::vector<std::string> names;
  Rows rows = snapshot.query(
      "SELECT a.name FROM artifacts a JOIN namespaces n ON n.id = a.namespace_id "
      "WHERE a.kind = ? AND n.key = ? ORDER BY a.key LIMIT 1000",
      {singular(kind), space.key()});
  while (rows.next()) names.push_back(rows.get<std::string>(0));
  return names;
}

std::int64_t count_artifacts(Snapshot& snapshot, Kind kind) {
  Rows rows = snapshot.query("SELECT COUNT(*) FROM artifacts WHERE kind = ?", {singular(kind)});
  rows.next();
  return rows.get<std::int64_t>(0);
}

}  // namespace assay
