// SPDX-License-Identifier: Apache-2.0
// The ports of compute without a registry, a plugin or a process: what orchestrations are tried on.
#pragma once

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "registry/compute/bundle.h"
#include "registry/compute/csv.h"
#include "storage/base/error.h"
#include "tests/support/temp_dir.h"

namespace assay::test {

// Versions as files in a folder of the test's own.
class FakeArtifacts final : public Artifacts {
 public:
  ArtifactVersion add(Kind kind, const std::string& reference,
                      const std::map<std::string, std::string>& files) {
    ArtifactVersion version{kind, reference, Digest::of(reference), {}};
    for (const auto& [path, bytes] : files) {
      const Digest digest = Digest::of(bytes);
      std::ofstream(folder_ / digest.hex(), std::ios::binary) << bytes;
      version.files.push_back({path, digest, bytes.size()});
    }
    versions.insert_or_assign(reference, version);
    return version;
  }

  ArtifactVersion resolve(Kind kind, std::string_view reference) override {
    const auto found = versions.find(std::string(reference));
    if (found == versions.end() || found->second.kind != kind)
      throw Error(Code::not_found, "there is no " + std::string(reference));
    return found->second;
  }
  ArtifactVersion resolve_input(const ArtifactVersion&, const Digest& dataset) override {
    for (const auto& [reference, version] : versions)
      if (version.digest == dataset) return version;
    throw Error(Code::not_found, "no such input");
  }
  std::filesystem::path fetch(const ArtifactVersion&, const ArtifactFile& file) override {
    return folder_ / file.digest.hex();
  }
  ArtifactVersion publish_model(std::string_view name, const std::vector<NewFile>& files,
                                const Id&) override {
    if (refuse_to_publish) throw Error(Code::full, "the disk is full");
    std::map<std::string, std::string> bytes;
    for (const NewFile& file : files) bytes[file.path] = file.bytes;
    return add(Kind::model, std::string(name) + "@1", bytes);
  }

  std::map<std::string, ArtifactVersion> versions;
  bool refuse_to_publish = false;

 private:
  TempDir folder_;
};

class FakeRuns final : public RunLog {
 public:
  Id start(const RunDraft& run) override {
    drafts.push_back(run);
    return id(drafts.size());
  }
  void finish(const Id& run, const RunOutcome& outcome) override {
    outcomes.insert_or_assign(run.text(), outcome);
  }
  Id record(const EvidenceDraft& draft) override {
    evidence.push_back(draft);
    return id(100 + evidence.size());
  }

  static Id id(std::size_t number) {
    Id::Random random{};
    random.back() = static_cast<std::byte>(number);
    return Id::make(Time(), random);
  }

  std::vector<RunDraft> drafts;
  std::map<std::string, RunOutcome> outcomes;
  std::vector<EvidenceDraft> evidence;
};

// One plugin, "fake", whose model adds the first feature, the mean label and its setting "shift", and whose folds
// count.
class FakePlugins final : public Plugins {
 public:
  PluginInfo find(std::string_view wanted) override;
  std::vector<PluginInfo> list() override { return {info()}; }
  Config complete_config(const PluginInfo&, std::string_view, std::string_view config) override {
    return {std::string(config), Digest::of(config)};
  }
  std::unique_ptr<Trainer> trainer(const PluginInfo&, std::string_view, const Config&) override;
  std::unique_ptr<Scorer> scorer(const PluginInfo&, std::string_view, const Config&) override;
  std::unique_ptr<Fold> fold(const PluginInfo&, std::string_view, std::string_view capability,
                             const Config&) override;

  static PluginInfo info();

  bool scorer_is_here = true;
  bool compares = true;  // whether the evaluator knows the role reference_score
  std::atomic<int> scorers_made = 0;
  double refused_below = -1e300;  // trainers with a smaller "shift" are refused
  std::optional<Error> fails;       // what fit, score or finish throws
  std::vector<TableSchema> folded;  // what each begin was given
  std::vector<std::vector<ColumnRole>> roles;
};

}  // namespace assay::test
