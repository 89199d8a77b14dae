// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/catalogue_promises.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "registry/catalog/check_audit.h"
#include "registry/catalog/sqlite_database.h"
#include "storage/base/error.h"

namespace assay::test {
namespace {

// Each counts what must not be.
using Promises = std::pair<const char*, const char*>[];

constexpr Promises kVersions = {
    {"artifacts whose numbers have gaps",
     "SELECT COUNT(*) FROM artifacts a WHERE last_number <> (SELECT COUNT(*) FROM versions WHERE artifact_id = a.id) OR "
     "last_number <> (SELECT COALESCE(MAX(number), 0) FROM versions WHERE artifact_id = a.id)"},
    {"versions without files", "SELECT COUNT(*) FROM versions v WHERE NOT EXISTS (SELECT 1 FROM manifest_files f WHERE "
                               "f.manifest_id = v.manifest_id)"},
    {"manifests of no version", "SELECT COUNT(*) FROM manifests WHERE id NOT IN (SELECT manifest_id FROM versions)"},
    {"versions without exactly one audit entry",
     "SELECT COUNT(*) FROM versions v JOIN artifacts a ON a.id = v.artifact_id JOIN namespaces n ON n.id = a.namespace_id "
     "WHERE 1 <> (SELECT COUNT(*) FROM audit WHERE action IN ('publish', 'import') AND subject = "
     "a.kind || 's/' || n.name || '/' || a.name || '@' || v.number)"},
    {"versions without exactly one event",
     "SELECT COUNT(*) FROM versions v JOIN artifacts a ON a.id = v.artifact_id JOIN namespaces n ON n.id = a.namespace_id "
     "WHERE 1 <> (SELECT COUNT(*) FROM events WHERE type = 'io.assay.version.published' AND subject = "
     "a.kind || 's/' || n.name || '/' || a.name || '/versions/' || v.number)"},
    {"audit entries or events of versions that are not there",
     "SELECT abs((SELECT COUNT(*) FROM versions) - (SELECT COUNT(*) FROM audit WHERE action IN ('publish', 'import'))) + "
     "abs((SELECT COUNT(*) FROM versions) - (SELECT COUNT(*) FROM events WHERE type = 'io.assay.version.published'))"},
    {"deletions that are not whole",
     "SELECT abs((SELECT COUNT(*) FROM versions WHERE deleted_at IS NOT NULL) - "
     "(SELECT COUNT(*) FROM audit WHERE action = 'delete')) + abs((SELECT COUNT(*) FROM versions WHERE deleted_at IS NOT "
     "NULL) - (SELECT COUNT(*) FROM events WHERE type = 'io.assay.version.deleted'))"},
    {"stages that point to what was deleted",
     "SELECT COUNT(*) FROM stages s JOIN versions v ON v.artifact_id = s.artifact_id AND v.number = s.number WHERE "
     "v.deleted_at IS NOT NULL"},
    {"artifacts that use another space than their versions take",
     "SELECT COUNT(*) FROM artifacts a LEFT JOIN artifact_usage u ON u.artifact_id = a.id WHERE COALESCE(u.versions, 0) <> "
     "(SELECT COUNT(*) FROM versions v WHERE v.artifact_id = a.id AND v.deleted_at IS NULL) OR COALESCE(u.bytes, 0) <> "
     "(SELECT COALESCE(SUM(f.size), 0) FROM versions v JOIN manifest_files f ON f.manifest_id = v.manifest_id WHERE "
     "v.artifact_id = a.id AND v.deleted_at IS NULL)"}};

constexpr Promises kRecords = {
    {"pieces of evidence without exactly one audit entry",
     "SELECT abs((SELECT COUNT(*) FROM evidence) - (SELECT COUNT(*) FROM audit WHERE action = 'record_evidence') - "
     "(SELECT COALESCE(SUM(json_extract(details, '$.evidence')), 0) FROM audit WHERE action = 'import_records')) + "
     "(SELECT COUNT(*) FROM audit WHERE action = 'record_evidence' AND subject NOT IN "
     "(SELECT 'evidence/' || id FROM evidence))"},
    {"recorded pieces of evidence without an event for each namespace",
     "SELECT COUNT(*) FROM evidence e WHERE 'evidence/' || id IN (SELECT subject FROM audit) AND "
     "(SELECT COUNT(*) FROM evidence_spaces WHERE evidence_seq = e.seq) <> "
     "(SELECT COUNT(*) FROM events WHERE subject = 'evidence/' || e.id)"},
    {"pieces of evidence that count nowhere",
     "SELECT COUNT(*) FROM evidence WHERE seq NOT IN (SELECT evidence_seq FROM evidence_spaces)"},
    {"runs without exactly one audit entry",
     "SELECT abs((SELECT COUNT(*) FROM runs) - (SELECT COUNT(*) FROM audit WHERE action = 'start_run') - "
     "(SELECT COALESCE(SUM(json_extract(details, '$.runs')), 0) FROM audit WHERE action = 'import_records'))"},
    {"runs that ended otherwise than the audit trail says",
     "SELECT COUNT(*) FROM runs r WHERE 'runs/' || id IN (SELECT subject FROM audit WHERE action = 'start_run') AND "
     "(status <> 'running') <> EXISTS (SELECT 1 FROM audit WHERE action = 'finish_run' AND subject = 'runs/' || r.id)"},
    {"runs without their plugin, their inputs or their namespaces",
     "SELECT COUNT(*) FROM runs r WHERE NOT EXISTS (SELECT 1 FROM run_plugins p WHERE p.run_seq = r.seq AND p.digest = "
     "json_extract(r.document, '$.plugin.digest')) OR NOT EXISTS (SELECT 1 FROM run_spaces WHERE run_seq = r.seq) OR "
     "json_array_length(r.document, '$.inputs') <> (SELECT COUNT(*) FROM run_links WHERE run_seq = r.seq AND "
     "direction = 'input')"}};

// What search should hold of evidence and of runs, and what it does hold.
constexpr const char* kMetrics =
    "WITH said AS (SELECT m.id AS manifest, n.id AS space, json_extract(r.value, '$.name') AS name, "
    "json_extract(r.value, '$.value') AS value, MAX(e.seq) AS seq FROM evidence e JOIN manifests m ON m.digest = "
    "e.model_digest JOIN evidence_spaces s ON s.evidence_seq = e.seq JOIN namespaces n ON n.key = s.space, "
    "json_each(e.document, '$.rows') r WHERE e.kind = 'evaluation' AND e.slice = '' AND "
    "json_extract(r.value, '$.slice') = '' GROUP BY 1, 2, 3), "
    "kept AS (SELECT manifest_id, namespace_id, name, value, evidence_seq FROM newest_metrics) ";
constexpr const char* kSettings =
    "WITH said AS (SELECT r.seq AS run, p.key AS name, CASE p.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' "
    "ELSE CAST(p.value AS TEXT) END AS text, CASE WHEN p.type IN ('integer', 'real') THEN p.value END AS number "
    "FROM runs r, json_each(r.document, '$.config') p WHERE r.kind = 'train' AND p.type IN "
    "('integer', 'real', 'text', 'true', 'false') AND length(p.value) <= 1024), "
    "kept AS (SELECT run_seq, name, text, number FROM run_params) ";
constexpr const char* kUnlike =
    "SELECT (SELECT COUNT(*) FROM (SELECT * FROM said EXCEPT SELECT * FROM kept)) + "
    "(SELECT COUNT(*) FROM (SELECT * FROM kept EXCEPT SELECT * FROM said))";

constexpr Promises kStages = {
    {"stages that are not where their decisions took them",
     "SELECT COUNT(*) FROM stages s WHERE revision <> (SELECT COUNT(*) FROM decisions d WHERE d.changed = 1 AND "
     "d.artifact_id = s.artifact_id AND d.stage = s.key) OR number IS NOT (SELECT number FROM decisions d WHERE "
     "d.changed = 1 AND d.artifact_id = s.artifact_id AND d.stage = s.key ORDER BY revision_after DESC LIMIT 1)"},
    {"decisions that moved no stage",
     "SELECT COUNT(*) FROM decisions d WHERE changed = 1 AND NOT EXISTS (SELECT 1 FROM stages s WHERE "
     "s.artifact_id = d.artifact_id AND s.key = d.stage)"},
    {"judged decisions without their facts",
     "SELECT COUNT(*) FROM decisions d WHERE verdict NOT IN ('already_there', 'rolled_back') AND NOT EXISTS "
     "(SELECT 1 FROM decision_facts f WHERE f.decision_seq = d.seq)"},
    {"facts without a decision",
     "SELECT COUNT(*) FROM decision_facts WHERE decision_seq NOT IN (SELECT seq FROM decisions)"},
    {"decisions without exactly one audit entry",
     "SELECT COUNT(*) FROM decisions d WHERE 1 <> (SELECT COUNT(*) FROM audit a WHERE a.action = d.action AND "
     "json_extract(a.details, '$.decision') = d.id)"},
    {"audit entries without a decision",
     "SELECT COUNT(*) FROM audit WHERE action IN ('promote', 'rollback', 'approve', 'reject') AND "
     "json_extract(details, '$.decision') NOT IN (SELECT id FROM decisions)"},
    {"decisions without exactly one event",
     "SELECT COUNT(*) FROM decisions d WHERE 1 <> (SELECT COUNT(*) FROM events e WHERE "
     "json_extract(e.data, '$.decision') = d.id)"},
    {"events without a decision",
     "SELECT COUNT(*) FROM events WHERE type LIKE '%.stage.%' AND json_extract(data, '$.decision') NOT IN "
     "(SELECT id FROM decisions)"},
    {"approvals that are not in the audit trail",
     "SELECT abs((SELECT COUNT(*) FROM approvals) - (SELECT COUNT(*) FROM audit WHERE action IN ('approve', 'reject')))"},
    {"approvals that led to nothing",
     "SELECT COUNT(*) FROM approvals p WHERE agrees = 1 AND NOT EXISTS (SELECT 1 FROM decisions d WHERE "
     "d.stage = p.stage AND d.changed = 1)"},
    {"stages whose policy is not the last that was set",
     "SELECT COUNT(*) FROM stages s WHERE policy_digest IS NOT (SELECT digest FROM policy_history h WHERE "
     "h.artifact_id = s.artifact_id AND h.stage = s.key ORDER BY seq DESC LIMIT 1)"}};

constexpr Promises kDeliveries = {
    {"events that were told before they are behind a webhook",
     "SELECT COUNT(*) FROM deliveries d JOIN webhooks w ON w.id = d.webhook_id WHERE d.event_seq > w.cursor"},
    {"webhooks that skip events",
     "SELECT COUNT(*) FROM webhooks w JOIN events e ON e.seq <= w.cursor AND e.at > w.created_at WHERE w.space IS NULL AND "
     "w.wanted = '[]' AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.webhook_id = w.id AND d.event_seq = e.seq)"}};

// That many rows are there for that many audit entries.
struct Count {
  const char* what;
  const char* rows;
  const char* actions;
};
constexpr Count kCounts[] = {
    {"tokens", "(SELECT COUNT(*) FROM tokens)", "'create_token', 'exchange_token'"},
    {"tokens that were revoked", "(SELECT COUNT(*) FROM tokens WHERE revoked_at IS NOT NULL)", "'revoke_token'"},
    {"policies that were set", "(SELECT COUNT(*) FROM policy_history)", "'set_policy'"},
    {"problems", "(SELECT COUNT(*) FROM problems)", "'set_problem'"},
    {"leases", "(SELECT COUNT(*) FROM leases)", "'take_lease', 'give_back_lease'"},
    {"signatures", "(SELECT COUNT(*) FROM signatures)", "'sign'"},
    {"keys", "(SELECT COUNT(*) FROM trusted_keys)", "'set_key', 'remove_key'"},
    {"revocations", "(SELECT COUNT(*) FROM revocations)", "'revoke_library', 'reinstate_library'"},
    {"events of libraries", "(SELECT COUNT(*) FROM events WHERE type LIKE 'io.assay.library.%')",
     "'revoke_library', 'reinstate_library'"},
    {"webhooks, those that were deleted among them",
     "((SELECT COUNT(*) FROM webhooks) + (SELECT COUNT(*) FROM audit WHERE action = 'delete_webhook'))",
     "'create_webhook'"}};

std::int64_t number(Snapshot& snapshot, const std::string& sql) {
  Rows rows = snapshot.query_once(sql, {});
  rows.next();
  return rows.get<std::int64_t>(0);
}

template <std::size_t N>
std::string broken_of(Snapshot& snapshot, const std::pair<const char*, const char*> (&promises)[N]) {
  for (const auto& [what, count] : promises)
    if (const auto found = number(snapshot, count); found != 0) return fmt::format("{} {}", found, what);
  return "";
}

std::string broken_search(Snapshot& snapshot) {
  for (const auto& [what, tables] : {std::pair("metrics", kMetrics), std::pair("settings", kSettings)})
    if (const auto found = number(snapshot, std::string(tables) + kUnlike); found != 0)
      return fmt::format("{} {} that search has otherwise than the records say", found, what);
  return "";
}

std::string broken_count(Snapshot& snapshot) {
  for (const auto& [what, rows, actions] : kCounts) {
    const std::int64_t unlike = number(
        snapshot, fmt::format("SELECT {} - (SELECT COUNT(*) FROM audit WHERE action IN ({}))", rows, actions));
    if (unlike != 0) return fmt::format("there are {:+} {} to what the audit trail says", unlike, what);
  }
  return "";
}

std::string broken_file(Snapshot& snapshot) {
  Rows check = snapshot.query("PRAGMA integrity_check");
  if (!check.next() || check.get<std::string>(0) != "ok") return "the file is damaged";
  if (snapshot.query("PRAGMA foreign_key_check").next()) return "a row refers to one that is not there";
  return "";
}

std::string broken_trail(Snapshot& snapshot, const std::optional<TreeHead>& acknowledged) {
  const std::vector<std::string> problems = check_audit(snapshot, acknowledged);
  if (!problems.empty()) return problems.front();
  const std::int64_t gaps = number(snapshot, "SELECT COALESCE(MAX(seq), 0) - COUNT(*) FROM audit");
  return gaps == 0 ? "" : fmt::format("{} audit entries are missing", gaps);
}

}  // namespace

std::string broken_promise(Snapshot& snapshot, const std::optional<TreeHead>& acknowledged) {
  std::string broken = broken_file(snapshot);
  if (broken.empty()) broken = broken_trail(snapshot, acknowledged);
  if (broken.empty()) broken = broken_of(snapshot, kVersions);
  if (broken.empty()) broken = broken_of(snapshot, kRecords);
  if (broken.empty()) broken = broken_search(snapshot);
  if (broken.empty()) broken = broken_of(snapshot, kStages);
  if (broken.empty()) broken = broken_of(snapshot, kDeliveries);
  if (broken.empty()) broken = broken_count(snapshot);
  return broken;
}

std::string broken_promise(const std::filesystem::path& catalogue) {
  try {
    const auto database = open_sqlite_database(catalogue);
    database->migrate();
    return database->read([](Snapshot& snapshot) { return broken_promise(snapshot); });
  } catch (const Error& error) {
    return error.message();
  }
}

}  // namespace assay::test
