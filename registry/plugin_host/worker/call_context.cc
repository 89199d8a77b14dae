// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/worker/call_context.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace assay::worker {
namespace {

using nlohmann::json;
using wire::FrameKind;

constexpr std::size_t kMaxText = 64 << 10;  // of one message, before the host cuts it anyway

std::string cut(assay_str text) {
  return std::string(view(text).substr(0, kMaxText));
}

}  // namespace

CallContext::CallContext(Channel& channel, const json& request)
    : channel_(channel), lends_(request.contains("call")) {
  static std::atomic<std::uint64_t> next_id = 1;
  const json limits = request.value("call", json::object());
  call_.struct_size = sizeof call_;
  call_.call_id = next_id++;
  call_.seed = limits.value("seed", std::uint64_t{0});
  call_.deadline_ns = limits.value("deadline_ns", std::int64_t{0});
  call_.max_threads = limits.value("max_threads", 1u);
  call_.host_data = this;
  call_.fail = &fail;
  call_.should_stop = &should_stop;
  call_.progress = &progress;
  call_.log = &log;
  call_.metric = &metric;
}

void CallContext::explain(std::string message, std::string details) {
  const std::lock_guard lock(mutex_);
  message_ = std::move(message);
  details_ = std::move(details);
}

json CallContext::outcome(assay_status status) const {
  const std::lock_guard lock(mutex_);
  if (status == ASSAY_OK) return {{"status", ASSAY_OK}};
  json done = {{"status", status}, {"message", message_}};
  json details = json::parse(details_, nullptr, false);
  if (details.is_object()) done["details"] = std::move(details);
  return done;
}

assay_status CallContext::ask(FrameKind kind, const json& document, std::span<const std::byte> payload,
                              Frame& out) {
  try {
    out = channel_.ask(kind, document, payload);
    return ASSAY_OK;
  } catch (const Refused& refused) {
    explain(refused.message);
    return refused.status;
  } catch (const std::exception& error) {
    explain(error.what());
    return ASSAY_E_INTERNAL;
  }
}

assay_status CallContext::fail(const assay_call* call, assay_status status, assay_str message,
                               assay_str details) {
  of(call).explain(cut(message), cut(details));
  return status;
}

assay_status CallContext::should_stop(const assay_call* call) {
  // The host also cancels when the deadline has passed, so the clock is read after the cancel: a cancel that
  // is seen before the deadline is then really one.
  const bool cancelled = of(call).channel_.cancelled();
  const std::chrono::nanoseconds now = std::chrono::steady_clock::now().time_since_epoch();
  if (call->deadline_ns != 0 && now.count() >= call->deadline_ns) return ASSAY_E_DEADLINE;
  return cancelled ? ASSAY_E_CANCELLED : ASSAY_OK;
}

void CallContext::progress(const assay_call* call, double fraction, assay_str what) {
  const double shown = std::isfinite(fraction) ? std::clamp(fraction, 0.0, 1.0) : 0.0;
  of(call).channel_.send(FrameKind::progress, {{"fraction", shown}, {"what", cut(what)}});
}

void CallContext::log(const assay_call* call, int32_t level, assay_str message) {
  const int shown = std::clamp<int>(level, ASSAY_LOG_DEBUG, ASSAY_LOG_ERROR);
  of(call).channel_.send(FrameKind::log, {{"level", shown}, {"message", cut(message)}});
}

void CallContext::metric(const assay_call* call, assay_str name, int64_t step, double value) {
  json report = {{"name", cut(name)}, {"step", step}, {"value", nullptr}};
  if (std::isfinite(value)) report["value"] = value;
  of(call).channel_.send(FrameKind::metric, report);
}

}  // namespace assay::worker
