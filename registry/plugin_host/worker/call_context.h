// SPDX-License-Identifier: Apache-2.0
// The call context that a plugin sees during one request: failures, stopping, and what it reports go to the
// host.
#pragma once

#include <atomic>
#include <mutex>
#include <string>

#include "registry/plugin_host/worker/channel.h"
#include "registry/plugin_host/worker/lent_settings.h"

namespace assay::worker {

class CallContext {
 public:
  // `request` has the "call" of a request. Borrows the channel.
  CallContext(Channel& channel, const nlohmann::json& request);
  CallContext(const CallContext&) = delete;
  CallContext& operator=(const CallContext&) = delete;
  ~CallContext() { channel_.forget_scratch(); }  // what the plugin took and did not give back

  const assay_call* get() const { return &call_; }
  Channel& channel() const { return channel_; }
  // Whether the host lends more than it sends: not to a check, which plays the host itself.
  bool lends() const { return lends_; }

  // Attaches the reason of a failure, as the plugin's own call->fail does; the last one wins.
  void explain(std::string message, std::string details = {});
  // The fields of `done` for that status.
  nlohmann::json outcome(assay_status status) const;

  // A callback to the host on behalf of the plugin: its answer, or the status after explaining.
  assay_status ask(wire::FrameKind kind, const nlohmann::json& json, std::span<const std::byte> payload,
                   Frame& out);

  static CallContext& of(const assay_call* call) { return *static_cast<CallContext*>(call->host_data); }

 private:
  static assay_status fail(const assay_call* call, assay_status status, assay_str message, assay_str details);
  static assay_status should_stop(const assay_call* call);
  static void progress(const assay_call* call, double fraction, assay_str what);
  static void log(const assay_call* call, int32_t level, assay_str message);
  static void metric(const assay_call* call, assay_str name, int64_t step, double value);

  Channel& channel_;
  bool lends_;
  assay_call call_{};
  mutable std::mutex mutex_;  // guards the two below
  std::string message_, details_;
};

}  // namespace assay::worker
