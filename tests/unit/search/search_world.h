// SPDX-License-Identifier: Apache-2.0
// A registry to search in: what is published, run and measured there is said in a few words.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "registry/catalog/search.h"
#include "registry/service/promote.h"
#include "registry/service/publish.h"
#include "registry/service/record_run.h"
#include "registry/service/search.h"
#include "registry/service/upload.h"
#include "tests/unit/promotion/world.h"

namespace assay::test {

struct Published {
  Kind kind = Kind::model;
  std::string name = "churn";
  std::string contents = "weights";
  Labels labels{};
  std::optional<Id> run{};
};

class SearchWorld : public World {
 public:
  Version publish(const Principal& caller, const Published& what) {
    Upload upload(services(), caller, {});
    upload.write(std::as_bytes(std::span(what.contents)));
    const BlobInfo blob = upload.finish();
    PublishRequest request{.kind = what.kind,
                           .name = Name::parse(what.name),
                           .files = {},
                           .labels = what.labels,
                           .profile = {},
                           .run_id = what.run};
    request.files.push_back({FilePath::parse("w.bin"), blob.digest, blob.size, {}});
    clock.advance(std::chrono::minutes(1));
    return assay::publish(services(), caller, request).version;
  }
  Version publish(const Published& what) { return publish(admin, what); }

  // A run of that kind; its readers are those of the namespaces that the caller may evaluate in.
  Id run(const Principal& caller, const nlohmann::json& config, const std::string& plugin = "gbt",
         const std::string& kind = "train") {
    const nlohmann::json draft = {{"kind", kind},
                                  {"plugin",
                                   {{"name", plugin},
                                    {"version", "1.0.0"},
                                    {"digest", Digest::of(plugin).text()},
                                    {"component", plugin}}},
                                  {"inputs", nlohmann::json::array()},
                                  {"config", config},
                                  {"seed", 7},
                                  {"max_threads", 1},
                                  {"environment", nlohmann::json::object()}};
    return start_run(services(), caller, draft.dump()).id;
  }
  Id run(const nlohmann::json& config, const std::string& plugin = "gbt") { return run(admin, config, plugin); }

  void measure(const Principal& caller, const Version& version, const JsonRows& rows) {
    report(caller, evaluation(version.digest, data.digest, rows));
  }
  void measure(const Version& version, const std::string& name, const nlohmann::json& value) {
    measure(admin, version, {metric(name, value)});
  }

  void promote(const Version& version, const std::string& stage) {
    assay::promote(services(), admin,
                   {.model = version.name,
                    .stage = StageName::parse(stage),
                    .version = Selector::parse(std::to_string(version.number))});
  }

  Page<FoundVersion> page(const Principal& caller, const SearchRequest& request, const PageRequest& page = {}) {
    return search(services(), caller, request, page);
  }
  // The references of all that match, in order.
  std::vector<std::string> find(const Principal& caller, const std::string& query) {
    std::vector<std::string> out;
    for (const FoundVersion& version : page(caller, {.query = query}, {{}, PageRequest::kMaxLimit}).items)
      out.push_back(version.reference());
    return out;
  }
  std::vector<std::string> find(const std::string& query) { return find(admin, query); }

  const Version data = push(Kind::dataset, "holdout", "rows");
};

}  // namespace assay::test
