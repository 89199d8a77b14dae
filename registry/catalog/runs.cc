// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/runs.h"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "registry/catalog/artifacts.h"
#include "registry/catalog/cursor.h"
#include "storage/base/error.h"

namespace assay {
namespace {

using nlohmann::json;

Run read_run(const Rows& row, int column) {
  return run_from_json(json::parse(row.get<std::string>(column)));
}

struct RunRow {
  std::int64_t seq;
  Run run;
};

std::optional<RunRow> find_row(Snapshot& snapshot, const Id& id) {
  Rows rows = snapshot.query("SELECT seq, document FROM runs WHERE id = ?", {id});
  if (!rows.next()) return std::nullopt;
  return RunRow{rows.get<std::int64_t>(0), read_run(rows, 1)};
}

template <class Link>
void insert_links(Transaction& transaction, std::int64_t seq, std::string_view direction,
                  const std::vector<Link>& links) {
  std::int64_t position = 0;
  for (const Link& link : links)
    transaction.execute(
        "INSERT INTO run_links (run_seq, direction, position, role, kind, digest) VALUES (?, ?, ?, ?, ?, ?)",
        {seq, direction, position++, link.role, singular(link.kind), link.digest});
}

}  // namespace

void insert_run(Transaction& transaction, const Run& run, const Id& author,
                const std::vector<std::string>& spaces) {
  const std::string document = json(run).dump();
  transaction.execute(
      "INSERT INTO runs (id, kind, status, author, created_at, document) VALUES (?, ?, ?, ?, ?, ?)",
      {run.id, to_text(run.draft.kind), to_text(run.status()), author, run.created_at, document});
  const std::int64_t seq = transaction.last_insert_id();
  transaction.execute("INSERT INTO run_plugins (run_seq, digest, name) VALUES (?, ?, ?)",
                      {seq, run.draft.plugin.digest.text(), run.draft.plugin.name});
  insert_links(transaction, seq, "input", run.draft.inputs);
  for (const std::string& space : spaces)
    transaction.execute("INSERT INTO run_spaces (run_seq, space) VALUES (?, ?)", {seq, space});
}

void finish_run(Transaction& transaction, const Id& id, const RunOutcome& outcome, Time at) {
  auto row = find_row(transaction, id);
  if (!row) throw Error(Code::not_found, fmt::format("There is no run {}", id.text()));
  if (row->run.outcome)
    throw Error(Code::conflict,
                fmt::format("The run {} has ended already ({}); start another one for another "
                            "execution",
                            id.text(), to_text(row->run.status())));
  row->run.outcome = outcome;
  row->run.finished_at = at;
  const std::string document = json(row->run).dump();
  transaction.execute("UPDATE runs SET status = ?, finished_at = ?, document = ? WHERE seq = ?",
                      {to_text(outcome.status), at, document, row->seq});
  insert_links(transaction, row->seq, "output", outcome.outputs);
}

std::optional<Run> find_run(Snapshot& snapshot, const Id& id, const ReadableSpaces& readable) {
  Rows rows = snapshot.query(
      "SELECT r.document FROM runs r WHERE r.id = ?1 AND (?2 IS NULL OR EXISTS (SELECT 1 FROM run_spaces s "
      "WHERE s.run_seq = r.seq AND s.space IN (SELECT value FROM json_each(?2))))",
      {id, readable.keys_json()});
  if (!rows.next()) return std::nullopt;
  return read_run(rows, 0);
}

std::optional<Id> run_author(Snapshot& snapshot, const Id& id) {
  Rows rows = snapshot.query("SELECT author FROM runs WHERE id = ?", {id});
  if (!rows.next()) return std::nullopt;
  return rows.get<Id>(0);
}

Page<Run> list_runs(Snapshot& snapshot, const std::optional<Name>& model, const ReadableSpaces& readable,
                    const PageRequest& page) {
  const std::int64_t before = page.cursor ? integer_key(decode_cursor("runs", *page.cursor, 1)[0])
                                          : std::numeric_limits<std::int64_t>::max();
  const std::int64_t artifact = model ? find_artifact_id(snapshot, Kind::model, *model).value_or(-1) : -1;
  // Those that made a version of the model, and those that had one as input.
  const std::string sql =
      std::string("SELECT r.seq, r.document FROM runs r WHERE r.seq < ?1 AND ") +
      (model
           ? "r.seq IN (SELECT p.seq FROM versions v JOIN runs p ON p.id = v.run_id WHERE v.artifact_id = ?2 "
             "UNION SELECT l.run_seq FROM versions v JOIN manifests m ON m.id = v.manifest_id "
             "JOIN run_links l ON l.digest = m.digest WHERE v.artifact_id = ?2)"
           : "?2 = -1") +
      " AND (?3 IS NULL OR EXISTS (SELECT 1 FROM run_spaces s WHERE s.run_seq = r.seq "
      "AND s.space IN (SELECT value FROM json_each(?3)))) ORDER BY r.seq DESC LIMIT ?4";
  Page<Run> out;
  std::int64_t last = 0;
  Rows rows = snapshot.query(sql, {before, artifact, readable.keys_json(), page.limit + 1});
  while (rows.next()) {
    if (out.items.size() == static_cast<std::size_t>(page.limit)) {
      out.next_cursor = encode_cursor("runs", {std::to_string(last)});
      break;
    }
    last = rows.get<std::int64_t>(0);
    out.items.push_back(read_run(rows, 1));
  }
  return out;
}

std::vector<Run> runs_using(Snapshot& snapshot, const Digest& digest, const ReadableSpaces& readable,
                            int limit) {
  std::vector<Run> out;
  Rows rows = snapshot.query(
      "SELECT r.document FROM runs r WHERE r.seq IN (SELECT run_seq FROM run_links WHERE digest = ?1 "
      "AND direction = 'input') AND (?2 IS NULL OR EXISTS (SELECT 1 FROM run_spaces s WHERE s.run_seq = "
      "r.seq "
      "AND s.space IN (SELECT value FROM json_each(?2)))) ORDER BY r.seq DESC LIMIT ?3",
      {digest, readable.keys_json(), limit});
  while (rows.next()) out.push_back(read_run(rows, 0));
  return out;
}

}  // namespace assay
