// SPDX-License-Identifier: Apache-2.0
// One run in the registry's log, from start to finish or failure. It stands between a plugin and whoever
// watches it, and keeps what is worth recording.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/compute/ports.h"
#include "storage/base/error.h"

namespace assay {

class RecordedRun final : public Progress {
 public:
  static constexpr std::size_t kMaxMetrics = 10'000;  // what a run may record; the first ones are kept

  // Starts the run. Borrows all but `draft`.
  RecordedRun(RunLog& log, const RunDraft& draft, Progress& observer);

  // Does `work` (given this run) and records what it answers as finished, or its Error as the reason of the
  // failure, which goes on to the caller. When the record of a failure cannot be written, the first error is
  // still the one thrown.
  template <typename Work>
  auto record(Work work) {
    try {
      auto result = work(*this);
      finish();
      return result;
    } catch (const Error& error) {
      fail(error);
      throw;
    }
  }

  const Id& id() const { return id_; }
  const std::vector<RunMetric>& metrics() const { return outcome_.metrics; }
  void add_output(RunOutput output) { outcome_.outputs.push_back(std::move(output)); }

  void progress(double fraction_done, std::string_view what) override;
  void log(PluginLogLevel level, std::string_view message) override;
  void metric(std::string_view name, std::int64_t step, double value) override;

 private:
  void finish();
  void fail(const Error& error) noexcept;

  RunLog& log_;
  Progress& observer_;
  RunOutcome outcome_;
  Id id_;
};

}  // namespace assay
