// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/reproduce.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "registry/compute/drift.h"
#include "registry/compute/evaluate.h"
#include "registry/compute/train.h"
#include "registry/compute/validate.h"
#include "registry/domain/manifest.h"
#include "storage/base/error.h"

namespace assay {
namespace {

using nlohmann::json;

// The registry as the run saw it: its inputs by their digests, whatever their names mean today. What is published or
// recorded goes no further.
class Rehearsal final : public Artifacts, public RunLog {
 public:
  Rehearsal(const Run& run, Artifacts& artifacts) : run_(run), artifacts_(artifacts) {}

  // `wanted` is the digest of an input.
  ArtifactVersion resolve(Kind kind, std::string_view wanted) override {
    const Digest digest = Digest::parse(wanted);
    const auto& inputs = run_.draft.inputs;
    const auto input = std::find_if(inputs.begin(), inputs.end(), [&](const RunInput& one) {
      return one.kind == kind && one.digest == digest;
    });
    const std::string reference = input == inputs.end() ? "" : input->reference;
    if (auto version = find(kind, reference); version && version->digest == digest) return *std::move(version);
    if (auto version = find(kind, digest.text())) return *std::move(version);
    throw Error(Code::not_found,
                fmt::format("run {} read the {} \"{}\" ({}), which the registry does not hold: it was a file of another "
                            "machine, or was deleted; push it, and do the work anew on what was pushed",
                            run_.id.text(), singular(kind), reference, digest.text()));
  }
  ArtifactVersion resolve_input(const ArtifactVersion&, const Digest& dataset) override {
    return resolve(Kind::dataset, dataset.text());
  }
  std::filesystem::path fetch(const ArtifactVersion& version, const ArtifactFile& file) override {
    return artifacts_.fetch(version, file);
  }
  ArtifactVersion publish_model(std::string_view name, const std::vector<NewFile>& files, const Id&) override {
    std::vector<VersionFile> listed;
    for (const NewFile& file : files)
      listed.push_back({FilePath::parse(file.path), Digest::of(file.bytes), file.bytes.size(), file.media_type});
    return {Kind::model, std::string(name), Manifest::build(Kind::model, std::move(listed)).digest(), {}};
  }

  Id start(const RunDraft&) override { return run_.id; }
  void finish(const Id&, const RunOutcome&) override {}
  Id record(const EvidenceDraft&) override { return run_.id; }

 private:
  // What is not a reference at all, such as the path of a file, names nothing.
  std::optional<ArtifactVersion> find(Kind kind, const std::string& reference) {
    try {
      return artifacts_.resolve(kind, reference);
    } catch (const Error& error) {
      if (error.code() != Code::not_found && error.code() != Code::invalid_argument) throw;
      return std::nullopt;
    }
  }

  const Run& run_;
  Artifacts& artifacts_;
};

Error refusal(const Run& run, const std::string& why) {
  return Error(Code::unsupported, fmt::format("run {} cannot be done again: {}", run.id.text(), why));
}

// The digest of the input in `role`; empty when there is none.
std::string input_in(const Run& run, std::string_view role) {
  for (const RunInput& input : run.draft.inputs)
    if (input.role == role) return input.digest.text();
  return {};
}

std::string needed_input(const Run& run, std::string_view role) {
  std::string digest = input_in(run, role);
  if (digest.empty())
    throw refusal(run, fmt::format("its record names no input \"{}\"; do the work anew with `assay {}`", role,
                                   to_text(run.draft.kind)));
  return digest;
}

std::string column_in(const Run& run, const std::string& role) {
  const auto found = run.draft.roles->find(role);
  return found == run.draft.roles->end() ? "" : found->second;
}

void require_ended_well(const Run& run) {
  if (run.status() == RunStatus::running) throw refusal(run, "it has not ended; see `assay runs show`");
  if (run.status() == RunStatus::failed)
    throw refusal(run, fmt::format("it failed, so nothing came out of it: {}", run.outcome->error->message));
}

void require_roles(const Run& run) {
  if (!run.draft.roles)
    throw refusal(run, fmt::format("its record does not say which columns it used, as those of earlier releases; do "
                                   "the work anew with `assay {}`",
                                   to_text(run.draft.kind)));
}

void require_plugin(const Run& run, Plugins& plugins) {
  const PluginUse& plugin = run.draft.plugin;
  try {
    plugins.find(plugin.digest.text());
  } catch (const Error& error) {
    if (error.code() != Code::not_found) throw;
    throw Error(Code::not_found,
                fmt::format("run {} was done by plugin {} {} ({}), and that very library is not here; push it with "
                            "`assay plugin push`, or put it on the plugin path",
                            run.id.text(), plugin.name, plugin.version, plugin.digest.text()));
  }
}

Digest published_by(const Run& run) {
  for (const RunOutput& output : run.outcome->outputs)
    if (output.kind == Kind::model) return output.digest;
  throw refusal(run, "it published no model to compare with, as a trial of `assay tune` does not");
}

Reproduction train_again(const Run& run, Workbench bench, const CallOptions& options, Progress& progress) {
  const Digest recorded = published_by(run);
  const TrainResult now = train({.plugin = run.draft.plugin.digest.text(),
                                 .component = run.draft.plugin.component,
                                 .data = needed_input(run, "train"),
                                 .valid = input_in(run, "valid"),
                                 .label = column_in(run, "label"),
                                 .config = run.draft.config.canonical,
                                 .to = "again"},
                                bench, options, progress);
  Reproduction out{.compared = "model " + recorded.text(), .differences = {}};
  if (now.model.digest != recorded)
    out.differences.push_back({"model", recorded.text(), now.model.digest.text()});
  return out;
}

EvidenceRows judge_again(const Run& run, Workbench bench, const CallOptions& options, Progress& progress) {
  const std::string plugin = run.draft.plugin.digest.text();
  const std::string& component = run.draft.plugin.component;
  const std::string& config = run.draft.config.canonical;
  const std::string data = needed_input(run, "data");
  if (run.draft.kind == RunKind::validate)
    return validate({.data = data,
                     .against = input_in(run, "reference"),
                     .plugin = plugin,
                     .component = component,
                     .label = column_in(run, "label"),
                     .config = config},
                    bench, options, progress)
        .draft.rows;
  const std::string model = needed_input(run, "model");
  if (run.draft.kind == RunKind::drift)
    return drift({.model = model,
                  .data = data,
                  .reference = needed_input(run, "reference"),
                  .plugin = plugin,
                  .component = component,
                  .config = config},
                 bench, options, progress)
        .draft.rows;
  return evaluate({.model = model,
                   .data = data,
                   .plugin = plugin,
                   .component = component,
                   .label = column_in(run, "label"),
                   .group = column_in(run, "group"),
                   .config = config},
                  bench, options, progress)
      .draft.rows;
}

// What people call a row: its words, without its numbers.
std::string row_name(std::size_t number, const json& row) {
  std::string out = fmt::format("rows/{}", number);
  for (const char* key : {"name", "slice", "rule", "column", "statistic"})
    if (const std::string word = row.value(key, ""); !word.empty()) out += ' ' + word;
  return out;
}

Reproduction compare(const EvidenceRows& recorded, const EvidenceRows& now) {
  const json before = rows_to_json(recorded), after = rows_to_json(now);
  Reproduction out{.compared = fmt::format("{} rows", before.size()), .differences = {}};
  const auto text = [](const json& rows, std::size_t i) { return i < rows.size() ? rows[i].dump() : "no such row"; };
  for (std::size_t i = 0; i < std::max(before.size(), after.size()); ++i)
    if (i >= before.size() || i >= after.size() || before[i] != after[i])
      out.differences.push_back(
          {row_name(i, i < before.size() ? before[i] : after[i]), text(before, i), text(after, i)});
  return out;
}

// A record may say what it likes; only evidence of work that is done here is done again.
bool repeatable(const Run& run, const Evidence& evidence) {
  switch (evidence.kind) {
    case EvidenceKind::evaluation:
      return run.draft.kind == RunKind::evaluate;
    case EvidenceKind::validation:
      return run.draft.kind == RunKind::validate;
    case EvidenceKind::drift:
      return run.draft.kind == RunKind::drift;
    case EvidenceKind::comparison:
      break;
  }
  return false;
}

}  // namespace

Reproduction reproduce(const Run& run, const Evidence* recorded, Workbench bench, Progress& progress) {
  require_ended_well(run);
  if (run.draft.kind == RunKind::score) throw refusal(run, "a scoring run leaves nothing to compare with");
  require_roles(run);
  if (run.draft.kind != RunKind::train) {
    if (recorded == nullptr) throw refusal(run, "it left no evidence that you may read");
    if (!repeatable(run, *recorded))
      throw refusal(run, fmt::format("its evidence is a {}, which cannot be made again yet", to_text(recorded->kind)));
  }
  require_plugin(run, bench.plugins);
  Rehearsal rehearsal(run, bench.artifacts);
  const Workbench apart{bench.plugins, rehearsal, rehearsal};
  CallOptions options;
  options.seed = static_cast<std::uint64_t>(run.draft.seed);
  options.max_threads = static_cast<std::uint32_t>(run.draft.max_threads);
  if (run.draft.kind == RunKind::train) return train_again(run, apart, options, progress);
  return compare(recorded->rows, judge_again(run, apart, options, progress));
}

}  // namespace assay
