// SPDX-License-Identifier: Apache-2.0
// The registry behind compute's ports, over HTTP: artifacts are fetched and published, runs and evidence
// recorded.
#pragma once

#include <filesystem>
#include <string>

#include "registry/cli/blob_cache.h"
#include "registry/client/api_client.h"
#include "registry/compute/ports.h"

namespace assay::cli {

// A directory for one command's downloads, removed with all it holds.
class ScratchDirectory {
 public:
  // Under the system's directory for temporary files. Throws as system_error.
  ScratchDirectory();
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Borrows the client and the cache. One thread at a time.
class RemoteArtifacts final : public Artifacts {
 public:
  // `cache` may be null.
  RemoteArtifacts(client::ApiClient& api, BlobCache* cache) : api_(api), cache_(cache) {}

  // A bare digest is searched for among all artifacts of the kind: the API has no shorter way yet.
  ArtifactVersion resolve(Kind kind, std::string_view reference) override;
  ArtifactVersion resolve_input(const ArtifactVersion& model, const Digest& dataset) override;
  std::filesystem::path fetch(const ArtifactVersion& version, const ArtifactFile& file) override;
  ArtifactVersion publish_model(std::string_view name, const std::vector<NewFile>& files,
                                const Id& run) override;

 private:
  ArtifactVersion resolve_digest(Kind kind, const Digest& digest);

  client::ApiClient& api_;
  BlobCache* cache_;
  ScratchDirectory scratch_;
};

// Borrows the client. One thread at a time.
class RemoteRunLog final : public RunLog {
 public:
  // Every run is said to have happened in `environment`, a JSON object.
  RemoteRunLog(client::ApiClient& api, std::string environment)
      : api_(api), environment_(std::move(environment)) {}

  Id start(const RunDraft& run) override;
  void finish(const Id& run, const RunOutcome& outcome) override { api_.finish_run(run, outcome); }
  Id record(const EvidenceDraft& evidence) override { return api_.record_evidence(evidence); }

 private:
  client::ApiClient& api_;
  std::string environment_;
};

}  // namespace assay::cli
