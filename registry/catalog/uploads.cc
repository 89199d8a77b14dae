// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/uploads.h"

#include <algorithm>

namespace assay {

void record_upload(Transaction& transaction, const UploadRecord& upload) {
  transaction.execute(
      "INSERT INTO uploads (principal, digest, size, time) VALUES (?, ?, ?, ?) "
      "ON CONFLICT (principal, digest) DO UPDATE SET time = excluded.time",
      {upload.principal, upload.digest, upload.size, upload.time});
}

std::int64_t forget_uploads(Transaction& transaction, Time before, int limit) {
  return transaction.execute(
      "DELETE FROM uploads WHERE (principal, digest) IN (SELECT u.principal, u.digest FROM uploads u "
      "WHERE u.time < ?1 AND NOT EXISTS (SELECT 1 FROM manifest_files f JOIN versions v "
      "ON v.manifest_id = f.manifest_id AND v.deleted_at IS NULL WHERE f.digest = u.digest) "
      "AND NOT EXISTS (SELECT 1 FROM manifests m JOIN versions v ON v.manifest_id = m.id "
      "AND v.deleted_at IS NULL WHERE m.config_digest = u.digest) LIMIT ?2)",
      {before, limit});
}

bool was_uploaded_by(Snapshot& snapshot, const Id& principal, const Digest& digest) {
  return snapshot.query("SELECT 1 FROM uploads WHERE principal = ? AND digest = ?", {principal, digest})
      .next();
}

bool is_held_in(Snapshot& snapshot, const Digest& blob, const ReadableSpaces& spaces) {
  // One row a namespace, of which there are few, however many versions share the blob.
  Rows rows = snapshot.query(
      "WITH holding (id) AS (SELECT manifest_id FROM manifest_files WHERE digest = ?1"
      " UNION SELECT id FROM manifests WHERE config_digest = ?1 UNION SELECT id FROM manifests WHERE digest "
      "= ?1) "
      "SELECT DISTINCT n.key FROM holding h JOIN versions v ON v.manifest_id = h.id AND v.deleted_at IS NULL "
      "JOIN artifacts a ON a.id = v.artifact_id JOIN namespaces n ON n.id = a.namespace_id",
      {blob});
  while (rows.next())
    if (spaces.all ||
        std::find(spaces.keys.begin(), spaces.keys.end(), rows.get<std::string>(0)) != spaces.keys.end())
      return true;
  return false;
}

}  // namespace assay
