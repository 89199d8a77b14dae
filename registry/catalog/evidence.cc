// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/evidence.h"

#include <algorithm>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "registry/catalog/cursor.h"
#include "registry/domain/reference.h"

namespace assay {
namespace {

using nlohmann::json;

// What one judgement reads at most of each thing: the newest record decides, the rest is for finding a like
// pair.
constexpr int kPerDataset = 256;
constexpr int kElsewhere = 16;
// Made alike. The last one counts, but not for a metric that it lacks.
constexpr int kAlike = 8;

Evidence read_evidence(const Rows& row, int column) {
  return evidence_from_json(json::parse(row.get<std::string>(column)));
}

using Found = std::map<std::int64_t, Id>;  // by seq

void collect(Found& out, Rows rows) {
  while (rows.next()) out.emplace(rows.get<std::int64_t>(0), rows.get<Id>(1));
}

void collect_evaluations(Found& out, Snapshot& snapshot, const Digest& model,
                         const std::set<Digest>& datasets, const std::string& space, Time as_of) {
  for (const Digest& dataset : datasets)
    collect(out, snapshot.query(
                     "SELECT seq, id FROM (SELECT seq, id, row_number() OVER (PARTITION BY plugin_digest, config_digest, "
                     "seed, slice ORDER BY seq DESC) AS place FROM (SELECT e.seq, e.id, e.plugin_digest, e.config_digest, "
                     "e.seed, e.slice FROM evidence e JOIN evidence_spaces s ON s.evidence_seq = e.seq AND s.space = ? "
                     "WHERE e.model_digest = ? AND e.dataset_digest = ? AND e.kind = 'evaluation' AND e.created_at <= ? "
                     "ORDER BY e.seq DESC LIMIT ?)) WHERE place <= ?",
                     {space, model, dataset, as_of, kPerDataset, kAlike}));
  collect(out, snapshot.query("SELECT e.seq, e.id FROM evidence e JOIN evidence_spaces s "
                              "ON s.evidence_seq = e.seq AND s.space = ? WHERE e.model_digest = ? "
                              "AND e.kind = 'evaluation' AND e.created_at <= ? ORDER BY e.seq DESC LIMIT ?",
                              {space, model, as_of, kElsewhere}));
}

// With any other model: which of them matter, the catalogue does not know.
void collect_comparisons(Found& out, Snapshot& snapshot, const Digest& model, const Digest& dataset,
                         const std::string& space, Time as_of) {
  collect(out,
          snapshot.query("SELECT e.seq, e.id FROM evidence e JOIN evidence_spaces s "
                         "ON s.evidence_seq = e.seq AND s.space = ? WHERE e.model_digest = ? "
                         "AND e.dataset_digest = ? AND e.kind = 'comparison' AND e.created_at <= ? "
                         "ORDER BY e.seq DESC LIMIT ?",
                         {space, model, dataset, as_of, kPerDataset}));
}

void collect_drift(Found& out, Snapshot& snapshot, const Digest& model, const std::string& space, Time as_of) {
  collect(out, snapshot.query("SELECT e.seq, e.id FROM evidence e JOIN evidence_spaces s "
                              "ON s.evidence_seq = e.seq AND s.space = ? WHERE e.model_digest = ? "
                              "AND e.kind = 'drift' AND e.created_at <= ? ORDER BY e.seq DESC LIMIT ?",
                              {space, model, as_of, kElsewhere}));
}

// A validation counts in the model's namespace and in the dataset's own: whoever keeps the data may vouch for
// it.
void collect_validations(Found& out, Snapshot& snapshot, const EvidenceKey& key, const std::string& space,
                         Time as_of) {
  const std::string keeper = Reference::parse(key.dataset_reference).name.space().key();
  collect(out,
          snapshot.query("SELECT e.seq, e.id FROM evidence e WHERE e.dataset_digest = ?1 "
                         "AND e.kind = 'validation' AND EXISTS (SELECT 1 FROM evidence_spaces s "
                         "WHERE s.evidence_seq = e.seq AND s.space IN (?2, ?3)) AND e.created_at <= ?4 "
                         "ORDER BY e.seq DESC LIMIT ?5",
                         {*key.dataset, space, keeper, as_of, kPerDataset}));
}

}  // namespace

void append_evidence(Transaction& transaction, const Evidence& evidence,
                     const std::vector<std::string>& spaces) {
  const std::string document = json(evidence).dump();
  const auto verdict =
      evidence.verdict ? std::optional(std::string(to_text(*evidence.verdict))) : std::nullopt;
  transaction.execute(
      "INSERT INTO evidence (id, kind, level, model_digest, dataset_digest, reference_digest, plugin_digest, "
      "config_digest, seed, slice, run_id, verdict, created_at, created_by, document) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {evidence.id, to_text(evidence.kind), to_text(evidence.level), evidence.model, evidence.dataset,
       evidence.reference, evidence.plugin.digest, evidence.config.digest, evidence.seed, evidence.slice,
       evidence.run, verdict, evidence.created_at, evidence.created_by, document});
  const std::int64_t seq = transaction.last_insert_id();
  for (const std::string& space : spaces)
    transaction.execute("INSERT INTO evidence_spaces (evidence_seq, space) VALUES (?, ?)", {seq, space});
}

std::optional<Evidence> find_evidence(Snapshot& snapshot, const Id& id, const ReadableSpaces& readable) {
  Rows rows = snapshot.query(
      "SELECT e.document FROM evidence e WHERE e.id = ?1 AND (?2 IS NULL OR EXISTS (SELECT 1 FROM "
      "evidence_spaces s "
      "WHERE s.evidence_seq = e.seq AND s.space IN (SELECT value FROM json_each(?2))))",
      {id, readable.keys_json()});
  if (!rows.next()) return std::nullopt;
  return read_evidence(rows, 0);
}

Page<Evidence> list_evidence(Snapshot& snapshot, const EvidenceQuery& query, const ReadableSpaces& readable,
                             const PageRequest& page) {
  const std::int64_t before = page.cursor ? integer_key(decode_cursor("evidence", *page.cursor, 1)[0])
                                          : std::numeric_limits<std::int64_t>::max();
  // A condition that is not asked for still names its parameter, so that all shapes bind alike.
  const std::string sql =
      std::string("SELECT e.seq, e.document FROM evidence e WHERE e.seq < ?1 AND ") +
      (query.kind ? "e.kind = ?2" : "?2 IS NULL") + " AND " +
      (query.model ? "e.model_digest = ?3" : "?3 IS NULL") + " AND " +
      (query.dataset ? "e.dataset_digest = ?4" : "?4 IS NULL") +
      " AND (?5 IS NULL OR EXISTS (SELECT 1 FROM evidence_spaces s WHERE s.evidence_seq = e.seq "
      "AND s.space IN (SELECT value FROM json_each(?5)))) ORDER BY e.seq DESC LIMIT ?6";
  const auto kind = query.kind ? std::optional(std::string(to_text(*query.kind))) : std::nullopt;
  Page<Evidence> out;
  std::int64_t last = 0;
  Rows rows =
      snapshot.query(sql, {before, kind, query.model, query.dataset, readable.keys_json(), page.limit + 1});
  while (rows.next()) {
    if (out.items.size() == static_cast<std::size_t>(page.limit)) {
      out.next_cursor = encode_cursor("evidence", {std::to_string(last)});
      break;
    }
    last = rows.get<std::int64_t>(0);
    out.items.push_back(read_evidence(rows, 1));
  }
  return out;
}

std::vector<Evidence> evidence_about(Snapshot& snapshot, const Digest& digest, const ReadableSpaces& readable,
                                     int limit) {
  std::vector<Evidence> out;
  Rows rows = snapshot.query(
      "SELECT e.document FROM evidence e WHERE e.seq IN (SELECT seq FROM evidence WHERE model_digest = ?1 "
      "UNION SELECT seq FROM evidence WHERE dataset_digest = ?1 UNION SELECT seq FROM evidence WHERE "
      "reference_digest = ?1) AND (?2 IS NULL OR EXISTS (SELECT 1 FROM evidence_spaces s WHERE "
      "s.evidence_seq = e.seq "
      "AND s.space IN (SELECT value FROM json_each(?2)))) ORDER BY e.seq DESC LIMIT ?3",
      {digest, readable.keys_json(), limit});
  while (rows.next()) out.push_back(read_evidence(rows, 0));
  return out;
}

void EvidenceMemo::keep(std::vector<Evidence> records) {
  for (Evidence& record : records) records_.try_emplace(record.id, std::move(record));
}

Evidence EvidenceMemo::take(Snapshot& snapshot, std::int64_t seq, const Id& id) {
  if (auto known = records_.extract(id)) return std::move(known.mapped());
  Rows rows = snapshot.query("SELECT document FROM evidence WHERE seq = ?", {seq});
  rows.next();
  return read_evidence(rows, 0);
}

std::vector<Evidence> evidence_for(Snapshot& snapshot, const Policy& policy,
                                   const std::vector<Digest>& models, const Namespace& space,
                                   const std::optional<Time>& as_of, EvidenceMemo& memo) {
  const Time until = as_of.value_or(Time::max());
  Found found;
  std::set<Digest> datasets;
  for (const Requirement& requirement : policy.requirements()) {
    if (!requirement.key) continue;
    if (requirement.key->kind == EvidenceKind::drift)
      for (const Digest& model : models) collect_drift(found, snapshot, model, space.key(), until);
    if (!requirement.key->dataset) continue;
    if (requirement.key->kind == EvidenceKind::validation)
      collect_validations(found, snapshot, *requirement.key, space.key(), until);
    else if (requirement.key->kind == EvidenceKind::comparison)
      for (const Digest& model : models)
        collect_comparisons(found, snapshot, model, *requirement.key->dataset, space.key(), until);
    else
      datasets.insert(*requirement.key->dataset);
  }
  for (const Digest& model : models) collect_evaluations(found, snapshot, model, datasets, space.key(), until);
  std::vector<Evidence> out;
  for (const auto& [seq, id] : found) out.push_back(memo.take(snapshot, seq, id));
  return out;
}

std::vector<std::string> spaces_holding(Snapshot& snapshot, const Digest& version) {
  std::vector<std::string> out;
  Rows rows = snapshot.query("SELECT DISTINCT namespace_key FROM live_versions WHERE digest = ? ORDER BY 1",
                             {version});
  while (rows.next()) out.push_back(rows.get<std::string>(0));
  return out;
}

}  // namespace assay
