// SPDX-License-Identifier: Apache-2.0
#include "registry/service/attest.h"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "registry/compute/compare.h"
#include "registry/compute/drift.h"
#include "registry/compute/evaluate.h"
#include "registry/compute/validate.h"
#include "registry/domain/json_reader.h"
#include "registry/domain/name.h"
#include "registry/service/readable_artifacts.h"
#include "registry/service/record_evidence.h"
#include "registry/service/record_run.h"
#include "storage/base/error.h"

namespace assay {
namespace {

constexpr std::int64_t kMaxSeed = (std::int64_t{1} << 53) - 1;  // what JSON numbers carry exactly

std::string installed_plugin(std::string name) {
  if (name.find_first_of("/@:") == std::string::npos && !name.ends_with(".so")) return Name::parse(name), name;
  throw Error(Code::invalid_argument,
              fmt::format("The server measures with plugins that are installed on it, by name (such as "
                          "classification), not with \"{}\"",
                          name));
}

AttestWish timing_wish(JsonObject& object, const nlohmann::json& document) {
  JsonObject timing(document, "the request body.timing");
  TimingRequest request{.model = object.text("model"), .data = object.text("data")};
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  request.calls = timing.optional_integer("calls", 1, most).value_or(request.calls);
  if (const nlohmann::json* batches = timing.optional_array("batches", TimingRequest::kMaxBatches)) {
    request.batches.clear();
    for (const nlohmann::json& rows : *batches) {
      if (!rows.is_number_integer()) throw Error(Code::invalid_argument, "the request body.timing.batches: whole numbers");
      request.batches.push_back(rows.get<std::int64_t>());
    }
  }
  timing.finish();
  check_limits(request);
  if (parse_evidence_kind(object.text("kind"), "kind") != EvidenceKind::evaluation)
    throw Error(Code::invalid_argument, "the request body: \"timing\" goes with the kind evaluation");
  object.finish();
  return {.timing = std::move(request)};
}

// What the caller asked for, recorded as the caller's run and the server's word.
class AttestedRuns final : public RunLog {
 public:
  AttestedRuns(const Services& services, const Principal& caller, std::string environment)
      : services_(services), caller_(caller), environment_(std::move(environment)) {}

  Id start(const RunDraft& run) override {
    RunDraft here = run;
    here.environment = environment_;
    return start_run(services_, caller_, std::move(here)).id;
  }
  void finish(const Id& run, const RunOutcome& outcome) override { finish_run(services_, caller_, run, outcome); }
  Id record(const EvidenceDraft& evidence) override {
    return record_evidence(services_, caller_, evidence, Level::attested).id;
  }

 private:
  const Services& services_;
  const Principal& caller_;
  const std::string environment_;
};

}  // namespace

AttestWish parse_attest_wish(std::string_view body) {
  const nlohmann::json document = parse_json(body, "the request body");
  JsonObject object(document, "the request body");
  if (const nlohmann::json* timing = object.optional_object("timing")) return timing_wish(object, *timing);
  const auto text = [&](const char* key) { return object.optional_text(key).value_or(""); };
  AttestWish wish{.kind = parse_evidence_kind(object.text("kind"), "kind"),
                  .plugin = installed_plugin(object.text("plugin")),
                  .component = text("component"),
                  .config = config_from(object).canonical,
                  .seed = static_cast<std::uint64_t>(object.optional_integer("seed", 0, kMaxSeed).value_or(0)),
                  .model = text("model"),
                  .data = object.text("data"),
                  .reference = text("reference"),
                  .label = text("label"),
                  .group = text("group")};
  object.finish();
  if (wish.model.empty() != (wish.kind == EvidenceKind::validation))
    throw Error(Code::invalid_argument, "the request body: \"model\" goes with every kind but validation");
  if (wish.reference.empty() && wish.kind == EvidenceKind::comparison)
    throw Error(Code::invalid_argument, "the request body: a comparison needs \"reference\", the other model");
  return wish;
}

EvidenceResult attest(const Services& services, const Principal& caller, const AttestWish& wish, ServerBench& bench,
                      const CallOptions& options, Progress& progress) {
  const auto copies = bench.copies();
  ReadableArtifacts artifacts(services, caller, *copies);
  AttestedRuns runs(services, caller, bench.environment());
  const Workbench workbench{bench.plugins(), artifacts, runs};
  if (wish.timing) return time_scoring(*wish.timing, workbench, options, progress);
  const EvaluateRequest request{.model = wish.model,
                                .data = wish.data,
                                .plugin = wish.plugin,
                                .component = wish.component,
                                .label = wish.label,
                                .group = wish.group,
                                .config = wish.config};
  switch (wish.kind) {
    case EvidenceKind::comparison:
      return compare(request, wish.reference, workbench, options, progress);
    case EvidenceKind::validation:
      return validate({.data = wish.data,
                       .against = wish.reference,
                       .plugin = wish.plugin,
                       .component = wish.component,
                       .label = wish.label,
                       .config = wish.config},
                      workbench, options, progress);
    case EvidenceKind::drift:
      return drift({.model = wish.model,
                    .data = wish.data,
                    .reference = wish.reference,
                    .plugin = wish.plugin,
                    .component = wish.component,
                    .config = wish.config},
                   workbench, options, progress);
    case EvidenceKind::evaluation:
      break;
  }
  return evaluate(request, workbench, options, progress);
}

}  // namespace assay
