// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/decisions.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "registry/catalog/artifacts.h"
#include "registry/catalog/cursor.h"
#include "registry/catalog/stages.h"

namespace assay {
namespace {

using nlohmann::json;

Decision read_decision(const Rows& row, int column) {
  return decision_from_json(json::parse(row.get<std::string>(column)));
}

std::optional<Decision> read_one(Rows rows) {
  if (!rows.next()) return std::nullopt;
  return read_decision(rows, 0);
}

// What no table has: nothing joins with it.
std::int64_t model_or_none(Snapshot& snapshot, const Name& model) {
  return find_artifact_id(snapshot, Kind::model, model).value_or(-1);
}

}  // namespace

void append_decision(Transaction& transaction, const Decision& decision) {
  const Name model = Name::of(decision.namespace_, decision.model);
  const std::string document = json(decision).dump();
  transaction.execute(
      "INSERT INTO decisions (id, artifact_id, stage, action, verdict, changed, number, policy_digest, "
      "revision_before, revision_after, actor, at, document) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {decision.id, model_key(transaction, model), StageName::parse(decision.stage).key(),
       to_text(decision.action), to_text(decision.verdict), decision.changed, decision.candidate.number,
       decision.policy_digest, decision.revision_before, decision.revision_after, decision.actor, decision.at,
       document});
}

void append_facts(Transaction& transaction, const Id& decision, const json& facts) {
  transaction.execute(
      "INSERT INTO decision_facts (decision_seq, document) VALUES ((SELECT seq FROM decisions WHERE id = ?), ?)",
      {decision, facts.dump()});
}

std::optional<json> find_facts(Snapshot& snapshot, const Id& decision) {
  Rows rows = snapshot.query(
      "SELECT f.document FROM decisions d JOIN decision_facts f ON f.decision_seq = d.seq WHERE d.id = ?", {decision});
  if (!rows.next()) return std::nullopt;
  return json::parse(rows.get<std::string>(0));
}

// A later attempt of the same version takes the place of an earlier one: people are asked once.
std::vector<Decision> waiting_decisions(Snapshot& snapshot, const ReadableSpaces& readable, int limit) {
  std::vector<Decision> out;
  Rows rows = snapshot.query(
      "SELECT d.document FROM decisions d JOIN artifacts a ON a.id = d.artifact_id JOIN namespaces n ON n.id = "
      "a.namespace_id LEFT JOIN stages s ON s.artifact_id = d.artifact_id AND s.key = d.stage WHERE d.verdict = "
      "'waiting' AND d.revision_before = COALESCE(s.revision, 0) AND NOT EXISTS (SELECT 1 FROM decisions l WHERE "
      "l.artifact_id = d.artifact_id AND l.stage = d.stage AND l.number = d.number AND l.seq > d.seq) "
      "AND (?1 IS NULL OR n.key IN (SELECT value FROM json_each(?1))) ORDER BY d.seq DESC LIMIT ?2",
      {readable.keys_json(), limit});
  while (rows.next()) out.push_back(read_decision(rows, 0));
  return out;
}

std::optional<Decision> find_decision(Snapshot& snapshot, const Id& id) {
  return read_one(snapshot.query("SELECT document FROM decisions WHERE id = ?", {id}));
}

Page<Decision> list_decisions(Snapshot& snapshot, const Name& model, const StageName& stage,
                              const PageRequest& page) {
  const std::int64_t before = page.cursor ? integer_key(decode_cursor("decisions", *page.cursor, 1)[0])
                                          : std::numeric_limits<std::int64_t>::max();
  Page<Decision> out;
  std::int64_t last = 0;
  Rows rows = snapshot.query(
      "SELECT seq, document FROM decisions WHERE artifact_id = ? AND stage = ? AND seq < ? ORDER BY seq DESC "
      "LIMIT ?",
      {model_or_none(snapshot, model), stage.key(), before, page.limit + 1});
  while (rows.next()) {
    if (out.items.size() == static_cast<std::size_t>(page.limit)) {
      out.next_cursor = encode_cursor("decisions", {std::to_string(last)});
      break;
    }
    last = rows.get<std::int64_t>(0);
    out.items.push_back(read_decision(rows, 1));
  }
  return out;
}

// Times of one stage's moves never go back (service/stage_move.cc), so the highest revision is the last move.
std::optional<Decision> last_move_at(Snapshot& snapshot, const Name& model, const StageName& stage,
                                     Time time) {
  return read_one(
      snapshot.query("SELECT document FROM decisions WHERE artifact_id = ? AND stage = ? AND changed = 1 "
                     "AND at <= ? ORDER BY revision_after DESC LIMIT 1",
                     {model_or_none(snapshot, model), stage.key(), time}));
}

std::optional<VersionNumber> last_good(Snapshot& snapshot, const Name& model, const StageName& stage) {
  std::vector<VersionNumber> pile;
  Rows rows = snapshot.query(
      "SELECT number, action = 'rollback' FROM decisions WHERE artifact_id = ? AND stage = ? AND changed = 1 "
      "ORDER BY revision_after",
      {model_or_none(snapshot, model), stage.key()});
  while (rows.next()) {
    const auto number = rows.get<std::int64_t>(0);
    const auto below = std::find(pile.rbegin(), pile.rend(), number);
    if (rows.get<bool>(1) && below != pile.rend())
      pile.erase(below.base(), pile.end());
    else
      pile.push_back(number);
  }
  const auto other =
      std::find_if(pile.rbegin(), pile.rend(), [&](VersionNumber one) { return one != pile.back(); });
  return other == pile.rend() ? std::nullopt : std::optional(*other);
}

bool once_admitted(Snapshot& snapshot, const Name& model, const StageName& stage, VersionNumber number) {
  return snapshot
      .query(
          "SELECT 1 FROM decisions WHERE artifact_id = ? AND stage = ? AND changed = 1 AND number = ? LIMIT "
          "1",
          {model_or_none(snapshot, model), stage.key(), number})
      .next();
}

}  // namespace assay
