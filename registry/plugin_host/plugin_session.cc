// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/plugin_session.h"

#include <fmt/format.h>

#include "assay/abi.h"
#include "registry/plugin_host/callbacks.h"
#include "registry/plugin_host/plugin_failure.h"
#include "registry/plugin_host/wire/batch.h"

namespace assay {
namespace {

using nlohmann::json;
using wire::FrameKind;

constexpr std::chrono::seconds kOpenLimit{60};  // of loading a library and everything that it links
constexpr std::chrono::seconds kQuitLimit{1};

// Lines that the plugin printed, as log messages. Bytes that are not ASCII text are shown as '?'.
void pass_on_output(std::string output, Progress& progress) {
  std::size_t begin = 0;
  while (begin < output.size()) {
    const std::size_t end = std::min(output.find('\n', begin), output.size());
    std::string line = output.substr(begin, end - begin);
    for (char& c : line)
      if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || static_cast<unsigned char>(c) >= 0x7F)
        c = '?';
    if (!line.empty()) progress.log(PluginLogLevel::info, line);
    begin = end + 1;
  }
}

}  // namespace

json roles_json(const std::vector<ColumnRole>& roles) {
  json list = json::array();
  for (const ColumnRole& role : roles) list.push_back({{"role", role.role}, {"column", role.column}});
  return list;
}

json source_json(const BundleSource* source) {
  if (source == nullptr) return nullptr;
  json list = json::array();
  for (const BundleEntry& entry : source->entries())
    list.push_back({{"name", entry.name}, {"size", entry.size}});
  return list;
}

PluginSession::PluginSession(WorkerHouse& house, std::shared_ptr<const PluginLibrary> library, std::string component,
                             std::string capability, Config config)
    : house_(house),
      library_(std::move(library)),
      component_(std::move(component)),
      capability_(std::move(capability)),
      config_(std::move(config)) {
  restart();
}

void PluginSession::restart() {
  house_.breaker.check(library_->info());
  process_ = house_.pool.take();
  arenas_.emplace(*process_);
  process_->give_library(library_->fd(), library_->info().name);
  ++generation_;
  open();
}

PluginSession::~PluginSession() {
  if (process_->over()) return;
  try {
    // A chance to tidy up; whatever it does with it, the process ends now.
    CallOptions brief;
    brief.deadline = std::chrono::steady_clock::now() + kQuitLimit;
    process_->begin_call(subject("close"), brief);
    process_->send(FrameKind::quit, json::object());
    while (process_->receive().kind != FrameKind::done) {
    }
  } catch (const Error&) {
    // It is going anyway, and so is whoever would have heard.
  }
}

void PluginSession::open() {
  Progress nobody;
  CallOptions limits;
  limits.deadline = std::chrono::steady_clock::now() + kOpenLimit;
  const json request = {{"component", component_}, {"capability", capability_}, {"config", config_.canonical}};
  const Answer answer = call(FrameKind::open, "open", request, {}, {}, limits, nobody);
  const auto manifest = answer.json.find("manifest");
  if (manifest == answer.json.end() || *manifest != library_->info().descriptor)
    broken("open", "says another descriptor when it runs than the one it carries; it must be built again");
}

std::string PluginSession::subject(std::string_view doing) const {
  return fmt::format("{} with plugin {} {}", doing, library_->info().name, library_->info().version);
}

void PluginSession::broken(std::string_view doing, std::string_view what) {
  process_->condemn();
  throw Error(Code::internal, fmt::format("{}: the plugin {}", subject(doing), what));
}

PluginSession::Answer PluginSession::call(FrameKind kind, std::string_view doing, json request,
                              std::span<const std::byte> payload, const Lent& lent,
                              const CallOptions& options, Progress& progress) {
  request["call"] = {
      {"seed", options.seed}, {"max_threads", std::max(1u, options.max_threads)}, {"deadline_ns", 0}};
  // steady_clock is CLOCK_MONOTONIC here, which all processes of a machine share.
  if (options.deadline)
    request["call"]["deadline_ns"] =
        std::chrono::duration_cast<std::chrono::nanoseconds>(options.deadline->time_since_epoch()).count();
  process_->begin_call(subject(doing), options);
  struct Ending {
    WorkerProcess& process;
    Progress& heard;
    ~Ending() {
      try {
        process.end_call();
        pass_on_output(process.take_output(), heard);
      } catch (...) {
        // The call's own outcome matters more than the last lines of its log.
      }
    }
  } ending{*process_, progress};

  try {
    return converse(kind, doing, request, payload, lent, progress);
  } catch (const Error& error) {
    if (process_->crashed()) house_.breaker.record(library_->info(), error.message());
    throw;
  }
}

PluginSession::Answer PluginSession::converse(FrameKind kind, std::string_view doing, const json& request,
                                              std::span<const std::byte> payload, const Lent& lent,
                                              Progress& progress) {
  Callbacks callbacks(*process_, *arenas_, lent, progress);
  process_->send(kind, request, payload);
  for (;;) {
    WireFrame frame = process_->receive();
    try {
      if (frame.kind != FrameKind::done) {
        callbacks.serve(frame);
        continue;
      }
    } catch (const Error& error) {
      if (process_->over()) throw;
      broken(doing, "sent a malformed report: " + error.message());
    }
    arenas_->hear(frame.json);
    const auto status = frame.json.find("status");
    if (status == frame.json.end() || !status->is_number_integer())
      broken(doing, "ended a call without a status");
    if (*status == ASSAY_OK)
      return {std::move(frame.json), std::move(frame.payload), callbacks.take_written()};
    const auto message = frame.json.find("message");
    throw plugin_failure(subject(doing), status->get<std::int64_t>(),
                         message != frame.json.end() && message->is_string() ? message->get<std::string>() : "",
                         frame.json.value("details", json()));
  }
}

}  // namespace assay
