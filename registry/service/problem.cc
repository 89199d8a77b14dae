// SPDX-License-Identifier: Apache-2.0
#include "registry/service/problem.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "registry/catalog/audit.h"
#include "registry/catalog/database.h"
#include "registry/catalog/problems.h"
#include "registry/domain/canonical_json.h"
#include "registry/domain/json_reader.h"
#include "storage/base/error.h"
#include "storage/env/clock.h"

namespace assay {

nlohmann::json problem_answer(const Problem& problem) {
  return {{"digest", problem.digest().text()}, {"problem", problem}};
}

Problem set_problem(const Services& services, const Principal& caller, const Name& model, std::string_view body,
                    std::optional<std::string_view> if_match) {
  require(caller, Permission::register_, model.space());
  const Problem problem = Problem::parse(parse_json(body, "the problem"));
  const Time now = services.clock.now();
  return services.database.write([&](Transaction& transaction) {
    const auto before = find_problem(transaction, model);
    const std::string tag = before ? '"' + before->digest().text() + '"' : "";
    if (if_match && *if_match != "*" && *if_match != tag)
      throw Error(Code::conflict,
                  fmt::format("The problem of {} is {} now: look at it again and decide anew", model.text(),
                              before ? before->digest().text() : "not said"));
    append_problem(transaction, model, problem, caller.name, now);
    append_audit(transaction,
                 {.time = now,
                  .actor = caller.name,
                  .action = "set_problem",
                  .subject = "models/" + model.text(),
                  .details = canonical({{"digest", problem.digest().text()}, {"token", caller.id.text()}})});
    return problem;
  });
}

Problem show_problem(const Services& services, const Principal& caller, const Name& model) {
  require(caller, Permission::read, model.space());
  auto problem = services.database.read([&](Snapshot& snapshot) { return find_problem(snapshot, model); });
  if (problem) return *std::move(problem);
  throw Error(Code::not_found, fmt::format("Nobody has said what {} is for: assay problem set {} FILE", model.text(),
                                           model.text()));
}

}  // namespace assay
