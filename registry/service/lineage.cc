// SPDX-License-Identifier: Apache-2.0
#include "registry/service/lineage.h"

#include <nlohmann/json.hpp>

#include "registry/catalog/evidence.h"
#include "registry/catalog/kin.h"
#include "registry/catalog/problems.h"
#include "registry/catalog/runs.h"
#include "registry/catalog/stages.h"
#include "registry/service/record_evidence.h"
#include "registry/service/resolve.h"

namespace assay {
namespace {

using nlohmann::json;

// One answer stays readable; the lists of runs and evidence page through the rest.
constexpr int kMaxRecords = 200;

json stages_at(Snapshot& snapshot, const Version& version) {
  json out = json::array();
  if (version.kind != Kind::model) return out;
  for (const Stage& stage : list_stages(snapshot, version.name))
    if (stage.version && stage.version->number == version.number) out.push_back(stage);
  return out;
}

json problem_of(Snapshot& snapshot, const Version& version) {
  const auto problem = version.kind == Kind::model ? find_problem(snapshot, version.name) : std::nullopt;
  return problem ? json(*problem) : json();
}

json kin_json(Snapshot& snapshot, const std::vector<Kin>& all, const ReadableSpaces& readable) {
  json out = json::array();
  for (const Kin& one : all)
    out.push_back({{"kind", singular(one.kind)},
                   {"digest", one.digest.text()},
                   {"reference", one.reference ? json(*one.reference) : json()},
                   {"distance", one.distance},
                   {"next", one.next.text()},
                   {"stages", stages_holding(snapshot, one.digest, readable)}});
  return out;
}

// The names of the lists that are as long as they may be, so that nobody takes them for all there is.
json full_lists(const json& lineage) {
  json out = json::array();
  for (const char* list : {"evidence", "used_by", "ancestors", "descendants"})
    if (lineage.at(list).size() == kMaxRecords) out.push_back(list);
  return out;
}

}  // namespace

json lineage(const Services& services, const Principal& caller, Kind kind, const Name& name,
             const Selector& selector) {
  require(caller, Permission::read, name.space());
  const ReadableSpaces readable = readable_spaces(caller);
  return services.database.read([&](Snapshot& snapshot) -> json {
    const Version version = resolve(snapshot, kind, name, selector);
    const auto run = version.run_id ? find_run(snapshot, *version.run_id, readable) : std::nullopt;
    const json made_by = run ? json(*run) : json();
    const auto kin = [&](auto walk) { return kin_json(snapshot, walk(snapshot, version.digest, readable, kMaxRecords), readable); };
    json out = {{"version", version},
            {"run", made_by},
            {"inputs", run ? made_by.at("inputs") : json::array()},
            {"evidence", evidence_about(snapshot, version.digest, readable, kMaxRecords)},
            {"stages", stages_at(snapshot, version)},
            {"problem", problem_of(snapshot, version)},
            {"used_by", runs_using(snapshot, version.digest, readable, kMaxRecords)},
            {"ancestors", kin(ancestors_of)},
            {"descendants", kin(descendants_of)}};
    out["full"] = full_lists(out);
    return out;
  });
}

}  // namespace assay
