// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/found_versions.h"

#include "registry/catalog/stages.h"
#include "registry/catalog/versions.h"

namespace assay {
namespace {

struct Keys {
  std::int64_t manifest_id;
  std::int64_t namespace_id;
};

void read_metrics(Snapshot& snapshot, const Keys& keys, const std::vector<std::string>& names, FoundVersion& out) {
  for (const std::string& name : names) {
    Rows rows = snapshot.query(
        "SELECT value FROM newest_metrics WHERE manifest_id = ? AND namespace_id = ? AND name = ? AND value IS NOT NULL",
        {keys.manifest_id, keys.namespace_id, name});
    if (rows.next()) out.metrics.emplace(name, rows.get<double>(0));
  }
}

// The run's key and plugin, when it may be seen.
std::optional<std::int64_t> read_run(Snapshot& snapshot, const Id& run, const ReadableSpaces& readable,
                                     FoundVersion& out) {
  Rows rows = snapshot.query(
      "SELECT r.seq, p.name FROM runs r JOIN run_plugins p ON p.run_seq = r.seq WHERE r.id = ?1 AND (?2 IS NULL OR "
      "EXISTS (SELECT 1 FROM run_spaces s WHERE s.run_seq = r.seq AND s.space IN (SELECT value FROM json_each(?2))))",
      {run, readable.keys_json()});
  if (!rows.next()) return std::nullopt;
  out.plugin = rows.get<std::optional<std::string>>(1);
  return rows.get<std::int64_t>(0);
}

void read_params(Snapshot& snapshot, std::int64_t run, const std::vector<std::string>& names, FoundVersion& out) {
  for (const std::string& name : names) {
    Rows rows = snapshot.query("SELECT text FROM run_params WHERE run_seq = ? AND name = ?", {run, name});
    if (rows.next()) out.params.emplace(name, rows.get<std::string>(0));
  }
}

}  // namespace

FoundVersion read_found_version(Snapshot& snapshot, std::int64_t version_id, const ShownKeys& shown,
                                const ReadableSpaces& readable) {
  Rows row = snapshot.query(
      "SELECT v.kind, v.namespace, v.name, v.number, v.digest, v.created_at, v.created_by, v.run_id, v.manifest_id, "
      "(SELECT a.namespace_id FROM artifacts a WHERE a.id = v.artifact_id), (SELECT COALESCE(SUM(f.size), 0) FROM "
      "manifest_files f WHERE f.manifest_id = v.manifest_id) FROM live_versions v WHERE v.id = ?",
      {version_id});
  row.next();
  FoundVersion out{.kind = kind_from_singular(row.get<std::string>(0)),
                   .name = Name::of(row.get<std::string>(1), row.get<std::string>(2)),
                   .number = row.get<std::int64_t>(3),
                   .digest = row.get<Digest>(4),
                   .created_at = row.get<Time>(5),
                   .created_by = row.get<std::string>(6),
                   .size = static_cast<std::uint64_t>(row.get<std::int64_t>(10)),
                   .labels = read_labels(snapshot, version_id),
                   .stages = stages_of_version(snapshot, version_id),
                   .plugin = {},
                   .metrics = {},
                   .params = {}};
  read_metrics(snapshot, {row.get<std::int64_t>(8), row.get<std::int64_t>(9)}, shown.metrics, out);
  if (const auto run = row.get<std::optional<Id>>(7))
    if (const auto seq = read_run(snapshot, *run, readable, out)) read_params(snapshot, *seq, shown.params, out);
  return out;
}

}  // namespace assay
