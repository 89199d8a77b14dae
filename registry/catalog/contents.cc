// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/contents.h"

#include <nlohmann/json.hpp>

namespace assay {
namespace {

using nlohmann::json;

// Rows of path, document.
std::vector<FoundContent> read_all(Rows rows) {
  std::vector<FoundContent> out;
  while (rows.next()) {
    out.push_back({rows.get<std::string>(0), std::nullopt});
    if (const auto document = rows.get<std::optional<std::string>>(1))
      out.back().content = content_from_json(json::parse(*document), "the content of " + out.back().path);
  }
  return out;
}

}  // namespace

bool has_content(Snapshot& snapshot, const Digest& blob, int checker) {
  return snapshot.query("SELECT 1 FROM contents WHERE digest = ? AND checker = ?", {blob, checker}).next();
}

void put_content(Transaction& transaction, const Digest& blob, int checker, const FileContent& content) {
  transaction.execute(
      "INSERT INTO contents (digest, checker, pickle, document) VALUES (?, ?, ?, ?) ON CONFLICT (digest) DO UPDATE SET "
      "checker = excluded.checker, pickle = excluded.pickle, document = excluded.document",
      {blob, checker, to_text(content.pickle), json(content).dump()});
}

std::vector<FoundContent> contents_of(Snapshot& snapshot, std::int64_t version_id, int checker) {
  return read_all(snapshot.query(
      "SELECT f.path, c.document FROM versions v JOIN manifest_files f ON f.manifest_id = v.manifest_id "
      "LEFT JOIN contents c ON c.digest = f.digest AND c.checker = ? WHERE v.id = ? ORDER BY f.position",
      {checker, version_id}));
}

std::vector<FoundContent> suspects_of(Snapshot& snapshot, std::int64_t version_id, int checker, int limit) {
  return read_all(snapshot.query(
      "SELECT f.path, c.document FROM versions v JOIN manifest_files f ON f.manifest_id = v.manifest_id "
      "LEFT JOIN contents c ON c.digest = f.digest AND c.checker = ? "
      "WHERE v.id = ? AND c.pickle IS NOT 'no' ORDER BY c.pickle IS NOT 'yes', f.position LIMIT ?",
      {checker, version_id, limit}));
}

}  // namespace assay
