// SPDX-License-Identifier: Apache-2.0
// Loaded models kept warm for online scoring, by version digest, least recently used out first.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "registry/compute/score.h"

namespace assay {

// Any thread. Requests to one model take turns; different models run side by side.
class ScoringCache {
 public:
  static constexpr std::size_t kDefaultCapacity = 8;  // each is a worker process and a model in memory

  // Borrows both for its life.
  ScoringCache(Plugins& plugins, Artifacts& artifacts, std::size_t capacity = kDefaultCapacity);
  ~ScoringCache();

  // As ScoredModel::score_csv and score_json; the first request to a version loads it. A model whose plugin
  // crashed or was stopped is dropped, and the next request loads it afresh.
  std::string score_csv(const ArtifactVersion& model, std::string_view csv, const CallOptions& options);
  std::string score_json(const ArtifactVersion& model, std::string_view json, const CallOptions& options);

  std::size_t size() const;

 private:
  struct Slot;
  std::shared_ptr<Slot> slot(const Digest& digest);
  template <typename Use>
  std::string with_model(const ArtifactVersion& model, const CallOptions& options, Use use);

  Plugins& plugins_;
  Artifacts& artifacts_;
  std::size_t capacity_;
  mutable std::mutex mutex_;  // guards the two below; never held while a model loads or scores
  std::list<Digest> recent_;  // newest first
  std::unordered_map<Digest, std::shared_ptr<Slot>> slots_;
};

}  // namespace assay
