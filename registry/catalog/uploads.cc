// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/uploads.h"

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
  // Looked through until the first one: thousands of versions may share the blob.
  return snapshot
      .query(
          "SELECT 1 FROM (SELECT manifest_id AS id FROM manifest_files WHERE digest = ?1 "
          "UNION ALL SELECT id FROM manifests WHERE config_digest = ?1 UNION ALL SELECT id FROM manifests WHERE digest = ?1) h "
          "CROSS JOIN versions v ON v.manifest_id = h.id AND v.deleted_at IS NULL "
          "CROSS JOIN artifacts a ON a.id = v.artifact_id CROSS JOIN namespaces n ON n.id = a.namespace_id "
          "WHERE ?2 IS NULL OR n.key IN (SELECT value FROM json_each(?2)) LIMIT 1",
          {blob, spaces.keys_json()})
      .next();
}

}  // namespace assay
