// SPDX-License-Identifier: Apache-2.0
// spdlog without its global registry: the one logger belongs to the server.
#include "registry/daemon/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace assay::daemon {
namespace {

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::error:
      return spdlog::level::err;
    case LogLevel::warning:
      return spdlog::level::warn;
    default:
      return spdlog::level::info;
  }
}

}  // namespace

struct Log::Impl {
  explicit Impl(LogFormat format_wanted)
      : format(format_wanted), logger("assay", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    const char* pattern = format == LogFormat::json
                              ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})"
                              : "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
    logger.set_formatter(
        std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc));
    logger.flush_on(spdlog::level::info);
  }

  LogFormat format;
  spdlog::logger logger;
};

Log::Log(LogFormat format, LogLevel least) : impl_(std::make_unique<Impl>(format)) {
  impl_->logger.set_level(level_of(least));
}

Log::~Log() = default;

void Log::write(LogLevel level, const LogEvent& event) {
  if (!impl_->logger.should_log(level_of(level))) return;
  const std::string line = impl_->format == LogFormat::json ? event.json_members() : event.text();
  impl_->logger.log(level_of(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace assay::daemon
