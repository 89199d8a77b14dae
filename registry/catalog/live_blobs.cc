// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/live_blobs.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace assay {
namespace {

// Rows of one read: some 10 ms, far below the deadline of a query however large the catalogue is.
constexpr int kPiece = 10'000;

// `read` answers the next digests behind the one it is given, ascending, at most kPiece.
template <class Read>
void walk(Database& database, const std::function<void(const Digest&)>& visit, const Read& read) {
  Digest last = Digest(Digest::Bytes{});  // below every digest that occurs
  for (;;) {
    const std::vector<Digest> piece = database.read([&](Snapshot& snapshot) { return read(snapshot, last); });
    for (const Digest& digest : piece) visit(digest);
    if (piece.size() < kPiece) return;
    last = piece.back();
  }
}

std::vector<Digest> digests(Rows rows) {
  std::vector<Digest> out;
  while (rows.next()) out.push_back(rows.get<Digest>(0));
  return out;
}

}  // namespace

void for_each_live_blob(Database& database, Time since, const std::function<void(const Digest&)>& visit) {
  // Uploads first: one that a version takes over meanwhile is then seen in one place or in the other.
  walk(database, visit, [&](Snapshot& snapshot, const Digest& last) {
    return digests(snapshot.query(
        "SELECT DISTINCT digest FROM uploads WHERE digest > ? AND time >= ? ORDER BY digest LIMIT ?",
        {last, since, kPiece}));
  });
  walk(database, visit, [&](Snapshot& snapshot, const Digest& last) {
    return digests(snapshot.query(
        "SELECT DISTINCT f.digest FROM manifest_files f WHERE f.digest > ? AND EXISTS (SELECT 1 FROM "
        "versions "
        "v WHERE v.manifest_id = f.manifest_id AND v.deleted_at IS NULL) ORDER BY f.digest LIMIT ?",
        {last, kPiece}));
  });
  walk(database, visit, [&](Snapshot& snapshot, const Digest& last) {
    return digests(snapshot.query(
        "SELECT DISTINCT m.config_digest FROM manifests m WHERE m.config_digest > ? AND EXISTS (SELECT 1 "
        "FROM "
        "versions v WHERE v.manifest_id = m.id AND v.deleted_at IS NULL) ORDER BY m.config_digest LIMIT ?",
        {last, kPiece}));
  });
}

std::vector<Digest> files_of_artifact(Snapshot& snapshot, std::int64_t artifact_id) {
  return digests(snapshot.query(
      "SELECT DISTINCT f.digest FROM versions v JOIN manifest_files f ON f.manifest_id = v.manifest_id "
      "WHERE v.artifact_id = ? AND v.deleted_at IS NULL ORDER BY 1",
      {artifact_id}));
}

std::vector<Digest> files_in_spaces(Snapshot& snapshot, const ReadableSpaces& spaces) {
  const std::optional<std::string> keys = spaces.keys_json();
  return digests(snapshot.query(
      "SELECT DISTINCT f.digest FROM live_versions v JOIN manifest_files f ON f.manifest_id = v.manifest_id "
      "WHERE ?1 IS NULL OR v.namespace_key IN (SELECT value FROM json_each(?1)) ORDER BY 1",
      {keys}));
}

}  // namespace assay
