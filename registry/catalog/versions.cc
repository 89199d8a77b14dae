// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/versions.h"

#include <limits>

#include "registry/catalog/cursor.h"
#include "registry/catalog/stages.h"
#include "storage/base/error.h"

namespace assay {
namespace {

// A row of path, digest, size, media_type.
VersionFile read_file(const Rows& row) {
  return {FilePath::parse(row.get<std::string>(0)), row.get<Digest>(1),
          static_cast<std::uint64_t>(row.get<std::int64_t>(2)), row.get<std::string>(3)};
}

std::vector<VersionFile> read_files(Snapshot& snapshot, std::int64_t manifest_id) {
  std::vector<VersionFile> files;
  Rows rows = snapshot.query(
      "SELECT path, digest, size, media_type FROM manifest_files WHERE manifest_id = ? ORDER BY position",
      {manifest_id});
  while (rows.next()) files.push_back(read_file(rows));
  return files;
}

// The current row of live_versions, completed.
Version read_version(Snapshot& snapshot, const Rows& row) {
  const auto id = row.get<std::int64_t>(0);
  return {.id = id,
          .kind = kind_from_singular(row.get<std::string>(1)),
          .name = Name::of(row.get<std::string>(2), row.get<std::string>(3)),
          .number = row.get<std::int64_t>(4),
          .digest = row.get<Digest>(5),
          .created_at = row.get<Time>(6),
          .created_by = row.get<std::string>(7),
          .files = read_files(snapshot, row.get<std::int64_t>(10)),
          .labels = read_labels(snapshot, id),
          .profile = row.get<std::optional<std::string>>(8),
          .run_id = row.get<std::optional<Id>>(9),
          .stages = stages_of_version(snapshot, id)};
}

std::vector<Version> read_all_versions(Snapshot& snapshot, Rows rows) {
  std::vector<Version> versions;
  while (rows.next()) versions.push_back(read_version(snapshot, rows));
  return versions;
}

std::optional<Version> read_one(Snapshot& snapshot, Rows rows) {
  if (!rows.next()) return std::nullopt;
  return read_version(snapshot, rows);
}

std::optional<VersionNumber> read_number(Rows rows) {
  if (!rows.next()) return std::nullopt;
  return rows.get<std::int64_t>(0);
}

// The manifest's key; its rows are made when no version had it before.
std::int64_t ensure_manifest(Transaction& transaction, const Manifest& manifest) {
  if (Rows known = transaction.query("SELECT id FROM manifests WHERE digest = ?", {manifest.digest()});
      known.next())
    return known.get<std::int64_t>(0);
  transaction.execute(
      "INSERT INTO manifests (digest, media_type, bytes, config_digest, config_size) VALUES (?, ?, ?, ?, ?)",
      {manifest.digest(), kManifestMediaType, Value::Bytes{manifest.bytes().data(), manifest.bytes().size()},
       manifest.config_digest(), manifest.config_size()});
  const std::int64_t id = transaction.last_insert_id();
  std::int64_t position = 0;
  for (const VersionFile& file : manifest.files())
    transaction.execute(
        "INSERT INTO manifest_files (manifest_id, position, path, digest, size, media_type) VALUES (?, ?, ?, "
        "?, ?, ?)",
        {id, position++, file.path.text(), file.digest, file.size, file.media_type});
  return id;
}

VersionNumber take_number(Transaction& transaction, std::int64_t artifact_id) {
  transaction.execute("UPDATE artifacts SET last_number = last_number + 1 WHERE id = ?", {artifact_id});
  Rows row = transaction.query("SELECT last_number FROM artifacts WHERE id = ?", {artifact_id});
  if (!row.next()) throw Error(Code::internal, "A version was to be made of an artifact that does not exist");
  return row.get<std::int64_t>(0);
}

}  // namespace

Labels read_labels(Snapshot& snapshot, std::int64_t version_id) {
  Labels labels;
  Rows rows = snapshot.query("SELECT key, value FROM labels WHERE version_id = ?", {version_id});
  while (rows.next()) labels.emplace(rows.get<std::string>(0), rows.get<std::string>(1));
  return labels;
}

Version append_version(Transaction& transaction, const NewVersion& version) {
  return insert_version(transaction, version, take_number(transaction, version.artifact_id));
}

Version insert_version(Transaction& transaction, const NewVersion& version, VersionNumber number) {
  const std::int64_t manifest_id = ensure_manifest(transaction, version.manifest);
  transaction.execute("UPDATE artifacts SET last_number = max(last_number, ?) WHERE id = ?",
                      {number, version.artifact_id});
  transaction.execute(
      "INSERT INTO versions (artifact_id, number, manifest_id, created_at, created_by, profile, run_id) "
      "VALUES (?, ?, ?, ?, ?, ?, ?)",
      {version.artifact_id, number, manifest_id, version.created_at, version.created_by, version.profile,
       version.run_id});
  const std::int64_t id = transaction.last_insert_id();
  for (const auto& [key, value] : version.labels)
    transaction.execute("INSERT INTO labels (version_id, key, value) VALUES (?, ?, ?)", {id, key, value});
  return *find_version(transaction, id);
}

std::optional<Version> find_version(Snapshot& snapshot, std::int64_t version_id) {
  return read_one(snapshot, snapshot.query("SELECT * FROM live_versions WHERE id = ?", {version_id}));
}

std::optional<Version> find_version(Snapshot& snapshot, Kind kind, const Name& name, VersionNumber number) {
  return read_one(
      snapshot,
      snapshot.query(
          "SELECT * FROM live_versions WHERE kind = ? AND namespace_key = ? AND key = ? AND number = ?",
          {singular(kind), name.space().key(), name.key(), number}));
}

std::optional<VersionNumber> newest_number(Snapshot& snapshot, Kind kind, const Name& name) {
  return read_number(
      snapshot.query("SELECT number FROM live_versions WHERE kind = ? AND namespace_key = ? AND key = ? "
                     "ORDER BY number DESC LIMIT 1",
                     {singular(kind), name.space().key(), name.key()}));
}

std::optional<VersionNumber> find_number(Snapshot& snapshot, Kind kind, const Name& name,
                                         const Digest& digest) {
  return read_number(
      snapshot.query("SELECT number FROM live_versions WHERE kind = ? AND namespace_key = ? AND key = ? "
                     "AND digest = ? ORDER BY number DESC LIMIT 1",
                     {singular(kind), name.space().key(), name.key(), digest}));
}

std::optional<Version> newest_version(Snapshot& snapshot, Kind kind, const Name& name) {
  return read_one(
      snapshot,
      snapshot.query("SELECT * FROM live_versions WHERE kind = ? AND namespace_key = ? AND key = ? "
                     "ORDER BY number DESC LIMIT 1",
                     {singular(kind), name.space().key(), name.key()}));
}

std::optional<Version> find_version(Snapshot& snapshot, Kind kind, const Name& name, const Digest& digest) {
  const auto number = find_number(snapshot, kind, name, digest);
  return number ? find_version(snapshot, kind, name, *number) : std::nullopt;
}

std::optional<VersionFile> find_file(Snapshot& snapshot, Kind kind, const Name& name, VersionNumber number,
                                     const FilePath& path) {
  Rows rows = snapshot.query(
      "SELECT f.path, f.digest, f.size, f.media_type FROM live_versions v "
      "JOIN manifest_files f ON f.manifest_id = v.manifest_id AND f.path = ? "
      "WHERE v.kind = ? AND v.namespace_key = ? AND v.key = ? AND v.number = ?",
      {path.text(), singular(kind), name.space().key(), name.key(), number});
  if (!rows.next()) return std::nullopt;
  return read_file(rows);
}

std::vector<Version> versions_with_digest(Snapshot& snapshot, const Digest& digest, int limit) {
  return read_all_versions(
      snapshot,
      snapshot.query("SELECT * FROM live_versions WHERE digest = ? ORDER BY id LIMIT ?", {digest, limit}));
}

Page<Version> list_versions(Snapshot& snapshot, Kind kind, const Name& name, const PageRequest& page) {
  const std::int64_t before = page.cursor ? integer_key(decode_cursor("versions", *page.cursor, 1)[0])
                                          : std::numeric_limits<std::int64_t>::max();
  Page<Version> out;
  std::size_t files = 0;
  Rows rows = snapshot.query(
      "SELECT * FROM live_versions WHERE kind = ? AND namespace_key = ? AND key = ? AND number < ? "
      "ORDER BY number DESC LIMIT ?",
      {singular(kind), name.space().key(), name.key(), before, page.limit + 1});
  while (rows.next()) {
    if (out.items.size() == static_cast<std::size_t>(page.limit) || files > kMaxPageFiles) {
      out.next_cursor = encode_cursor("versions", {std::to_string(out.items.back().number)});
      break;
    }
    out.items.push_back(read_version(snapshot, rows));
    files += out.items.back().files.size();
  }
  return out;
}

void delete_version(Transaction& transaction, std::int64_t version_id, Time at) {
  if (transaction.execute("UPDATE versions SET deleted_at = ? WHERE id = ? AND deleted_at IS NULL",
                          {at, version_id}) != 1)
    throw Error(Code::internal, "A version was to be deleted that is not live");
}

std::optional<Time> deleted_at(Snapshot& snapshot, Kind kind, const Name& name, VersionNumber number) {
  Rows rows = snapshot.query(
      "SELECT v.deleted_at FROM namespaces n JOIN artifacts a ON a.namespace_id = n.id "
      "JOIN versions v ON v.artifact_id = a.id WHERE a.kind = ? AND n.key = ? AND a.key = ? AND v.number = ?",
      {singular(kind), name.space().key(), name.key(), number});
  if (!rows.next()) return std::nullopt;
  return rows.get<std::optional<Time>>(0);
}

std::optional<StoredManifest> find_manifest(Snapshot& snapshot, const Digest& digest) {
  Rows rows = snapshot.query("SELECT digest, media_type, bytes FROM manifests WHERE digest = ?", {digest});
  if (!rows.next()) return std::nullopt;
  return StoredManifest{rows.get<Digest>(0), rows.get<std::string>(1), rows.get<std::string>(2)};
}

std::int64_t count_versions(Snapshot& snapshot) {
  Rows rows = snapshot.query("SELECT COUNT(*) FROM versions WHERE deleted_at IS NULL");
  rows.next();
  return rows.get<std::int64_t>(0);
}

}  // namespace assay
