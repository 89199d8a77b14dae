// SPDX-License-Identifier: Apache-2.0
// The host's side of a call under way: hands out rows, bundle entries and room for new ones, and passes on
// what the plugin reports. Every request of the worker is answered, with an error if it makes no sense.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "registry/plugin_host/plugin_session.h"

namespace assay {

class Callbacks {
 public:
  // Borrows all of it.
  Callbacks(WorkerProcess& process, const Lent& lent, Progress& progress)
      : process_(process), lent_(lent), progress_(progress) {}

  // Serves one frame other than `done`. Throws for a frame that no worker of ours sends; a request that fails
  // for the plugin's own reasons is answered with a status instead.
  void serve(const WireFrame& frame);

  // What reached the sink and was finished. Call it once, after a success.
  MemoryBundle take_written();

 private:
  struct Scan {
    const RowSet* rows = nullptr;
    std::vector<std::size_t> columns;
    std::int64_t next = 0;
    std::int64_t batch_rows = 0;
    SchemaOwner schema;
  };

  // Each answers a callback: JSON, and a payload through `payload_`.
  nlohmann::json answer(const WireFrame& frame);
  nlohmann::json scan_open(const nlohmann::json& request);
  nlohmann::json scan_next(const nlohmann::json& request);
  nlohmann::json scan_close(const nlohmann::json& request);
  nlohmann::json sink_open(const nlohmann::json& request);
  nlohmann::json sink_write(const WireFrame& frame);
  nlohmann::json sink_finish();
  nlohmann::json sink_abort();
  nlohmann::json source_read(const nlohmann::json& request);
  void report(const WireFrame& frame);

  WorkerProcess& process_;
  const Lent& lent_;
  Progress& progress_;
  wire::Payload payload_;
  std::map<std::uint64_t, Scan> scans_;
  std::uint64_t next_scan_ = 1;
  MemoryBundle written_;
  std::uint64_t written_bytes_ = 0;
  struct Open {
    std::string name, media_type, bytes;
  };
  std::optional<Open> open_entry_;
};

}  // namespace assay
