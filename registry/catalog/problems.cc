// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/problems.h"

#include <nlohmann/json.hpp>

#include "registry/catalog/artifacts.h"
#include "registry/catalog/stages.h"

namespace assay {

std::optional<Problem> find_problem(Snapshot& snapshot, const Name& model, const std::optional<Time>& as_of) {
  Rows rows =
      snapshot.query("SELECT document FROM problems WHERE artifact_id = ? AND at <= ? ORDER BY seq DESC LIMIT 1",
                     {find_artifact_id(snapshot, Kind::model, model).value_or(-1), as_of.value_or(Time::max())});
  if (!rows.next()) return std::nullopt;
  return Problem::parse(nlohmann::json::parse(rows.get<std::string>(0)));
}

void append_problem(Transaction& transaction, const Name& model, const Problem& problem, const std::string& actor,
                    Time at) {
  transaction.execute("INSERT INTO problems (artifact_id, digest, document, at, by) VALUES (?, ?, ?, ?, ?)",
                      {model_key(transaction, model), problem.digest(), nlohmann::json(problem).dump(), at, actor});
}

}  // namespace assay
