// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/recorded_run.h"

#include <array>
#include <cmath>

namespace assay {
namespace {

constexpr std::array<std::string_view, 4> kLevelNames = {"debug", "info", "warning", "error"};

// The last `limit` bytes, from the start of a line, so that neither a word nor a code point is cut.
void keep_end(std::string& text, std::size_t limit) {
  if (text.size() <= limit) return;
  const std::size_t line = text.find('\n', text.size() - limit);
  text.erase(0, line == std::string::npos ? text.size() : line + 1);
}

}  // namespace

RecordedRun::RecordedRun(RunLog& log, const RunDraft& draft, Progress& observer)
    : log_(log), observer_(observer), id_(log.start(draft)) {}

void RecordedRun::progress(double fraction_done, std::string_view what) {
  observer_.progress(fraction_done, what);
}

void RecordedRun::log(PluginLogLevel level, std::string_view message) {
  outcome_.log.append(kLevelNames.at(static_cast<std::size_t>(level))).append(": ").append(message) += '\n';
  // Trimmed now and then, not for each line.
  if (outcome_.log.size() > 2 * kMaxRunLogBytes) keep_end(outcome_.log, kMaxRunLogBytes);
  observer_.log(level, message);
}

void RecordedRun::metric(std::string_view name, std::int64_t step, double value) {
  if (outcome_.metrics.size() < kMaxMetrics)
    outcome_.metrics.push_back(
        {std::string(name), step, std::isfinite(value) ? std::optional(value) : std::nullopt});
  observer_.metric(name, step, value);
}

void RecordedRun::finish() {
  keep_end(outcome_.log, kMaxRunLogBytes);
  outcome_.status = RunStatus::finished;
  log_.finish(id_, outcome_);
}

void RecordedRun::fail(const Error& error) noexcept {
  try {
    keep_end(outcome_.log, kMaxRunLogBytes);
    outcome_.status = RunStatus::failed;
    outcome_.outputs.clear();
    outcome_.error = RunError{std::string(info(error.code()).name), error.message()};
    log_.finish(id_, outcome_);
  } catch (...) {
    // The run stays "running" in the log; the caller hears the error that matters more.
  }
}

}  // namespace assay
