// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/scoring_cache.h"

#include <algorithm>

#include "storage/base/error.h"

namespace assay {

struct ScoringCache::Slot {
  std::timed_mutex turn;  // held while the model loads or scores
  std::unique_ptr<ScoredModel> model;
};

namespace {

// After these the worker is gone or in doubt; the input is to blame for all others.
bool spoils_model(Code code) {
  return code == Code::internal || code == Code::deadline || code == Code::cancelled ||
         code == Code::unavailable;
}

std::unique_lock<std::timed_mutex> take_turn(std::timed_mutex& turn, const CallOptions& options,
                                             const ArtifactVersion& model) {
  if (!options.deadline) return std::unique_lock(turn);
  std::unique_lock lock(turn, *options.deadline);
  if (!lock.owns_lock())
    throw Error(Code::deadline, "score with " + model.reference + ": other requests kept it busy; try again");
  return lock;
}

}  // namespace

ScoringCache::ScoringCache(Plugins& plugins, Artifacts& artifacts, std::size_t capacity)
    : plugins_(plugins), artifacts_(artifacts), capacity_(std::max<std::size_t>(1, capacity)) {}
ScoringCache::~ScoringCache() = default;

std::size_t ScoringCache::size() const {
  const std::lock_guard lock(mutex_);
  return slots_.size();
}

std::shared_ptr<ScoringCache::Slot> ScoringCache::slot(const Digest& digest) {
  // Ends after the lock, because ending a model ends its worker. Whoever still scores with it keeps it until
  // done.
  std::shared_ptr<Slot> evicted;
  const std::lock_guard lock(mutex_);
  recent_.remove(digest);
  recent_.push_front(digest);
  if (recent_.size() > capacity_) {
    const auto oldest = slots_.find(recent_.back());
    evicted = std::move(oldest->second);
    slots_.erase(oldest);
    recent_.pop_back();
  }
  std::shared_ptr<Slot>& found = slots_[digest];
  if (!found) found = std::make_shared<Slot>();
  return found;
}

template <typename Use>
std::string ScoringCache::with_model(const ArtifactVersion& model, const CallOptions& options, Use use) {
  const std::shared_ptr<Slot> held = slot(model.digest);
  const auto lock = take_turn(held->turn, options, model);
  Progress nobody;
  if (held->model)
    plugins_.find(held->model->info().plugin.digest.text());  // throws when it may not run any more
  else
    held->model = ScoredModel::load(model, plugins_, artifacts_, options, nobody);
  try {
    return use(*held->model, nobody);
  } catch (const Error& error) {
    if (spoils_model(error.code())) held->model.reset();
    throw;
  }
}

std::string ScoringCache::score_csv(const ArtifactVersion& model, std::string_view csv,
                                    const CallOptions& options) {
  return with_model(model, options, [&](ScoredModel& loaded, Progress& progress) {
    return loaded.score_csv(csv, "the request body", options, progress);
  });
}

std::string ScoringCache::score_json(const ArtifactVersion& model, std::string_view json,
                                     const CallOptions& options) {
  return with_model(model, options, [&](ScoredModel& loaded, Progress& progress) {
    return loaded.score_json(json, options, progress);
  });
}

}  // namespace assay
