// SPDX-License-Identifier: Apache-2.0
// One component alive in one worker: sends a request and, until it is done, serves what the plugin asks for.
// All words of the worker are checked here and in the batch decoder before anything acts on them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "registry/compute/arrow.h"
#include "registry/compute/bundle.h"
#include "registry/plugin_host/batch_arenas.h"
#include "registry/plugin_host/crash_breaker.h"
#include "registry/plugin_host/library.h"
#include "registry/plugin_host/worker_pool.h"

namespace assay {

// What a request lends to the plugin. Borrowed for the call; every part may be null.
struct Lent {
  std::vector<const RowSet*> datasets = {};  // "train" first, then "valid"
  const BundleSource* source = nullptr;
  bool sink = false;
};

// Where sessions get their workers, and what is known of plugins that crash. Outlives them.
struct WorkerHouse {
  WorkerPool pool;
  CrashBreaker breaker;
};

class PluginSession {
 public:
  // Takes a worker and opens `component` in it for `capability`. Throws unavailable for a plugin that keeps crashing.
  PluginSession(WorkerHouse& house, std::shared_ptr<const PluginLibrary> library, std::string component,
                std::string capability, Config config);
  ~PluginSession();

  // What a request answered: its JSON, its payload and what it wrote to the sink.
  struct Answer {
    nlohmann::json json;
    wire::Payload payload;
    MemoryBundle written;
  };
  // `doing` says what is attempted, for messages: "train". Throws what the plugin reported (with its code,
  // message, column, row and hint), or as WorkerProcess does.
  Answer call(wire::FrameKind kind, std::string_view doing, nlohmann::json request,
              std::span<const std::byte> payload, const Lent& lent, const CallOptions& options,
              Progress& progress);

  // Runs `work` and, if the worker dies in it, once more in a new worker, which knows nothing of the calls before:
  // for work that is a whole from there, as generation() tells.
  template <typename Work>
  auto again_after_crash(Work work) {
    try {
      return work();
    } catch (const Error&) {
      if (!process_->crashed()) throw;
    }
    restart();
    return work();
  }
  // Batches for and from the worker; they hold until it is replaced.
  BatchArenas& arenas() { return *arenas_; }
  // Counts the workers that this session had.
  int generation() const { return generation_; }

  // "train with plugin gbt 1.0.0": how messages begin.
  std::string subject(std::string_view doing) const;
  // For an answer that breaks the contract: ends the worker and throws internal.
  [[noreturn]] void broken(std::string_view doing, std::string_view what);

 private:
  void restart();
  void open();
  Answer converse(wire::FrameKind kind, std::string_view doing, const nlohmann::json& request,
                  std::span<const std::byte> payload, const Lent& lent, Progress& progress);

  WorkerHouse& house_;
  std::shared_ptr<const PluginLibrary> library_;
  std::string component_, capability_;
  Config config_;
  std::unique_ptr<WorkerProcess> process_;
  std::optional<BatchArenas> arenas_;
  int generation_ = 0;
};

// Parts of requests.
nlohmann::json roles_json(const std::vector<ColumnRole>& roles);
nlohmann::json source_json(const BundleSource* source);

}  // namespace assay
