// SPDX-License-Identifier: Apache-2.0
// The operator's log: one line an event, `event key=value …`, on stderr.
#pragma once

#include <memory>
#include <string_view>

namespace assay::daemon {

enum class LogFormat {
  text,  // 2026-11-21T01:02:03.004Z info event key=value …
  json,  // {"time":…,"level":…,"message":"event key=value …"}
};
enum class LogLevel { info, warning, error };

// Any thread may write.
class Log {
 public:
  Log(LogFormat format, LogLevel least);
  ~Log();

  void write(LogLevel level, std::string_view line);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace assay::daemon
