// SPDX-License-Identifier: Apache-2.0
// The host's side of a call under way: hands out rows, bundle entries and room for new ones, and passes on
// what the plugin reports. Every request of the worker is answered, with an error if it makes no sense.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/plugin_host/bundle_stage.h"
#include "registry/plugin_host/plugin_session.h"
#include "registry/plugin_host/row_scan.h"
#include "registry/plugin_host/scratch.h"

namespace assay {

class Callbacks {
 public:
  // Borrows all of it.
  Callbacks(WorkerProcess& process, BatchArenas& arenas, const Lent& lent, Progress& progress)
      : process_(process), arenas_(arenas), lent_(lent), progress_(progress) {}

  // Serves one frame other than `done`. Throws for a frame that no worker of ours sends; a request that fails
  // for the plugin's own reasons is answered with a status instead.
  void serve(const WireFrame& frame);

  // What reached the sink and was finished. Call it once, after a success.
  MemoryBundle take_written() { return stage_.take(); }

 private:
  // Each answers a callback: JSON, and a payload through `payload_`.
  nlohmann::json answer(const WireFrame& frame);
  nlohmann::json scan_open(const nlohmann::json& request);
  nlohmann::json scan_next(const nlohmann::json& request);
  nlohmann::json scan_close(const nlohmann::json& request);
  nlohmann::json sink_open(const nlohmann::json& request);
  nlohmann::json source_read(const nlohmann::json& request);
  nlohmann::json scratch_take(const nlohmann::json& request);
  nlohmann::json scratch_end(const nlohmann::json& request);
  void report(const WireFrame& frame);

  WorkerProcess& process_;
  BatchArenas& arenas_;
  const Lent& lent_;
  Progress& progress_;
  wire::Payload payload_;
  std::map<std::uint64_t, RowScan> scans_;
  std::uint64_t next_scan_ = 1;
  BundleStage stage_;
  std::optional<Scratch> scratch_;  // once it is asked for
};

}  // namespace assay
