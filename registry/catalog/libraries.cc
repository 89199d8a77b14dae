// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/libraries.h"

#include <nlohmann/json.hpp>

#include "registry/catalog/versions.h"

namespace assay {
namespace {

// The versions whose ids the query answers.
std::vector<Version> versions_of(Snapshot& snapshot, Rows rows) {
  std::vector<Version> out;
  while (rows.next())
    if (auto version = find_version(snapshot, rows.get<std::int64_t>(0))) out.push_back(*std::move(version));
  return out;
}

}  // namespace

std::optional<Revocation> find_revocation(Snapshot& snapshot, const Digest& library,
                                          const std::optional<Time>& as_of) {
  Rows rows = snapshot.query(
      "SELECT revoked, reason, at, by FROM revocations WHERE library = ? AND at <= ? ORDER BY seq DESC LIMIT 1",
      {library, as_of.value_or(Time::max())});
  if (!rows.next() || !rows.get<bool>(0)) return std::nullopt;
  return Revocation{rows.get<std::string>(1), rows.get<Time>(2), rows.get<std::string>(3)};
}

void append_revocation(Transaction& transaction, const Digest& library, bool revoked,
                       const Revocation& revocation) {
  transaction.execute("INSERT INTO revocations (library, revoked, reason, at, by) VALUES (?, ?, ?, ?, ?)",
                      {library, revoked, revocation.reason, revocation.at, revocation.by});
}

std::optional<Digest> maker_of(Snapshot& snapshot, const Name& model, VersionNumber number) {
  Rows rows = snapshot.query(
      "SELECT p.digest FROM live_versions v JOIN runs r ON r.id = v.run_id JOIN run_plugins p ON p.run_seq = r.seq "
      "WHERE v.kind = 'model' AND v.namespace_key = ? AND v.key = ? AND v.number = ?",
      {model.space().key(), model.key(), number});
  if (!rows.next()) return std::nullopt;
  return Digest::parse(rows.get<std::string>(0));
}

std::vector<Version> versions_with_library(Snapshot& snapshot, const Digest& library,
                                           const ReadableSpaces& spaces, int limit) {
  const auto keys = spaces.keys_json();
  return versions_of(
      snapshot, snapshot.query("SELECT DISTINCT v.id FROM manifest_files f JOIN live_versions v "
                               "ON v.manifest_id = f.manifest_id WHERE f.digest = ?1 AND f.path LIKE '%.so' "
                               "AND v.kind = 'plugin' AND (?2 IS NULL OR v.namespace_key IN "
                               "(SELECT value FROM json_each(?2))) ORDER BY v.id LIMIT ?3",
                               {library, keys, limit}));
}

std::vector<Version> versions_made_with(Snapshot& snapshot, const Digest& library,
                                        const ReadableSpaces& spaces, int limit) {
  const auto keys = spaces.keys_json();
  return versions_of(
      snapshot,
      snapshot.query("SELECT v.id FROM run_plugins p JOIN runs r ON r.seq = p.run_seq JOIN live_versions v "
                     "ON v.run_id = r.id WHERE p.digest = ?1 AND (?2 IS NULL OR v.namespace_key IN "
                     "(SELECT value FROM json_each(?2))) ORDER BY v.id DESC LIMIT ?3",
                     {library.text(), keys, limit}));
}

std::optional<std::string> trainer_of(Snapshot& snapshot, const Digest& model, const Namespace& space) {
  Rows rows = snapshot.query(
      "SELECT json_extract(r.document, '$.plugin.name') FROM live_versions v JOIN runs r ON r.id = v.run_id "
      "WHERE v.kind = 'model' AND v.digest = ? AND v.namespace_key = ? AND r.kind = 'train' ORDER BY v.id LIMIT 1",
      {model, space.key()});
  if (!rows.next()) return std::nullopt;
  return rows.get<std::string>(0);
}

std::vector<Version> versions_judged_with(Snapshot& snapshot, const Digest& library,
                                          const ReadableSpaces& spaces, int limit) {
  const auto keys = spaces.keys_json();
  return versions_of(
      snapshot,
      snapshot.query("SELECT DISTINCT v.id FROM evidence e JOIN live_versions v ON v.digest = e.model_digest "
                     "AND v.kind = 'model' WHERE e.plugin_digest = ?1 AND (?2 IS NULL OR v.namespace_key IN "
                     "(SELECT value FROM json_each(?2))) ORDER BY v.id DESC LIMIT ?3",
                     {library, keys, limit}));
}

}  // namespace assay
