// SPDX-License-Identifier: Apache-2.0
// The operator's log: one line an event on stderr, for people or for programs.
#pragma once

#include <memory>

#include "registry/domain/log_event.h"

namespace assay::daemon {

enum class LogFormat {
  text,  // 2026-11-21T01:02:03.004Z info event key=value …
  json,  // {"time":…,"level":…,"event":…,"key":value,…}
};

// Any thread may write.
class Log {
 public:
  Log(LogFormat format, LogLevel least);
  ~Log();

  void write(LogLevel level, const LogEvent& event);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace assay::daemon
