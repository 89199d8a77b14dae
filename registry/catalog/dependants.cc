// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/dependants.h"

#include <fmt/format.h>

namespace assay {
namespace {

// Appends the rows of: kind, namespace, name, number.
void add_versions(Rows rows, const char* how, std::vector<Dependant>& out) {
  while (rows.next()) {
    const Name name = Name::of(rows.get<std::string>(1), rows.get<std::string>(2));
    out.push_back({fmt::format("{} {} {}", rows.get<std::string>(0),
                               reference_text(name, rows.get<std::int64_t>(3)), how),
                   name.space()});
  }
}

void add_users(Snapshot& snapshot, const Version& version, int limit, std::vector<Dependant>& out) {
  add_versions(
      snapshot.query(
          "SELECT b.kind, b.namespace, b.name, b.number FROM run_links l JOIN runs r ON r.seq = l.run_seq "
          "JOIN live_versions b ON b.run_id = r.id WHERE l.digest = ?1 AND l.direction = 'input' "
          "AND l.kind = ?2 AND b.id <> ?3 AND NOT EXISTS (SELECT 1 FROM live_versions o WHERE o.digest = ?1 "
          "AND o.kind = ?2 AND o.id <> ?3 AND o.namespace_key IN (b.namespace_key, ?4)) ORDER BY b.id LIMIT "
          "?5",
          {version.digest, singular(version.kind), version.id, version.name.space().key(), limit}),
      "was made from it", out);
}

void add_plugin_users(Snapshot& snapshot, const Version& version, int limit, std::vector<Dependant>& out) {
  for (const VersionFile& file : version.files)
    add_versions(
        snapshot.query(
            "SELECT b.kind, b.namespace, b.name, b.number FROM run_plugins p JOIN runs r ON r.seq = "
            "p.run_seq "
            "JOIN live_versions b ON b.run_id = r.id WHERE p.digest = ?1 AND NOT EXISTS (SELECT 1 FROM "
            "manifest_files f JOIN live_versions o ON o.manifest_id = f.manifest_id WHERE f.digest = ?2 "
            "AND o.kind = 'plugin' AND o.id <> ?3 AND o.namespace_key IN (b.namespace_key, ?4)) "
            "ORDER BY b.id LIMIT ?5",
            {file.digest.text(), file.digest, version.id, version.name.space().key(), limit}),
        "was made with it", out);
}

// A policy is canonical JSON and names datasets by digest; the text of a digest stands nowhere by accident.
void add_policies(Snapshot& snapshot, const Version& version, int limit, std::vector<Dependant>& out) {
  Rows rows = snapshot.query(
      "SELECT n.name, a.name, s.name FROM stages s JOIN policies p ON p.digest = s.policy_digest "
      "JOIN artifacts a ON a.id = s.artifact_id JOIN namespaces n ON n.id = a.namespace_id "
      "WHERE instr(p.document, ?1) > 0 AND NOT EXISTS (SELECT 1 FROM live_versions o WHERE o.digest = ?2 "
      "AND o.kind = ?3 AND o.id <> ?4 AND o.namespace_key IN (n.key, ?5)) LIMIT ?6",
      {version.digest.text(), version.digest, singular(version.kind), version.id, version.name.space().key(),
       limit});
  while (rows.next()) {
    const Name model = Name::of(rows.get<std::string>(0), rows.get<std::string>(1));
    out.push_back(
        {fmt::format("the policy of {}@{} asks for evidence on it", model.text(), rows.get<std::string>(2)),
         model.space()});
  }
}

}  // namespace

std::vector<Dependant> dependants_of(Snapshot& snapshot, const Version& version, int limit) {
  std::vector<Dependant> out;
  add_users(snapshot, version, limit, out);
  if (version.kind == Kind::plugin) add_plugin_users(snapshot, version, limit, out);
  if (version.kind == Kind::dataset) add_policies(snapshot, version, limit, out);
  if (out.size() > static_cast<std::size_t>(limit)) out.erase(out.begin() + limit, out.end());
  return out;
}

}  // namespace assay
