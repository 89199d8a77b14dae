// SPDX-License-Identifier: Apache-2.0
// spdlog without its global registry: the one logger belongs to the server.
#include "registry/daemon/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <nlohmann/json.hpp>

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
                              ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":%v})"
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

void Log::write(LogLevel level, std::string_view line) {
  if (!impl_->logger.should_log(level_of(level))) return;
  // Quoted as JSON wants it; a line that is not UTF-8 is repaired, never lost.
  const std::string message =
      impl_->format == LogFormat::json
          ? nlohmann::json(std::string(line)).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
          : std::string(line);
  impl_->logger.log(level_of(level), spdlog::string_view_t(message.data(), message.size()));
}

}  // namespace assay::daemon
