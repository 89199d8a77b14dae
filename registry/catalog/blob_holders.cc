// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/blob_holders.h"

#include <nlohmann/json.hpp>

#include "registry/catalog/stages.h"

namespace assay {

std::vector<BlobHolder> holders_of(Snapshot& snapshot, const Digest& digest, const ReadableSpaces& spaces,
                                   int limit) {
  const std::optional<std::string> keys = spaces.keys_json();
  std::vector<BlobHolder> out;
  Rows rows = snapshot.query(
      "WITH parts (manifest_id, part, path, size) AS ("
      "SELECT manifest_id, 'file', path, size FROM manifest_files WHERE digest = ?1 "
      "UNION ALL SELECT id, 'config', '', config_size FROM manifests WHERE config_digest = ?1 "
      "UNION ALL SELECT id, 'manifest', '', length(bytes) FROM manifests WHERE digest = ?1) "
      "SELECT v.kind, v.namespace, v.name, v.number, p.part, p.path, p.size, v.id FROM parts p "
      "JOIN live_versions v ON v.manifest_id = p.manifest_id WHERE ?2 IS NULL "
      "OR v.namespace_key IN (SELECT value FROM json_each(?2)) ORDER BY v.id, p.part LIMIT ?3",
      {digest, keys, limit});
  while (rows.next())
    out.push_back({.kind = kind_from_singular(rows.get<std::string>(0)),
                   .name = Name::of(rows.get<std::string>(1), rows.get<std::string>(2)),
                   .number = rows.get<std::int64_t>(3),
                   .part = rows.get<std::string>(4),
                   .path = rows.get<std::string>(5),
                   .size = static_cast<std::uint64_t>(rows.get<std::int64_t>(6)),
                   .stages = stages_of_version(snapshot, rows.get<std::int64_t>(7))});
  return out;
}

std::vector<BlobUploader> uploaders_of(Snapshot& snapshot, const Digest& digest,
                                       const std::optional<Id>& principal, int limit) {
  std::vector<BlobUploader> out;
  Rows rows = snapshot.query(
      "SELECT u.principal, t.name, u.size, u.time FROM uploads u LEFT JOIN tokens t ON t.id = u.principal "
      "WHERE u.digest = ?1 AND (?2 IS NULL OR u.principal = ?2) ORDER BY u.time DESC LIMIT ?3",
      {digest, principal, limit});
  while (rows.next())
    out.push_back({rows.get<Id>(0), rows.get<std::optional<std::string>>(1),
                   static_cast<std::uint64_t>(rows.get<std::int64_t>(2)), rows.get<Time>(3)});
  return out;
}

}  // namespace assay
