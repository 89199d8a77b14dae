// SPDX-License-Identifier: Apache-2.0
// The worker's end of the socket: whole frames, blocking. When the host is gone there is nobody to report to,
// so the process ends at once instead of throwing.
#pragma once

#include <atomic>
#include <mutex>
#include <span>

#include <nlohmann/json.hpp>

#include "registry/plugin_host/wire/frame.h"
#include "storage/env/unique_fd.h"

namespace assay::worker {

struct Frame {
  wire::FrameKind kind{};
  nlohmann::json json;
  wire::Payload payload;
  UniqueFd file;  // that came with it, for the kinds that bring one
};

// Any thread: a plugin may call back from threads of its own.
class Channel {
 public:
  explicit Channel(int socket) : socket_(socket) {}

  // The next request; a cancel that comes too late is skipped.
  Frame next_request();
  // One way.
  void send(wire::FrameKind kind, const nlohmann::json& json, std::span<const std::byte> payload = {});
  // A callback and its answer. Throws Error when the host refused it, with the host's code as ABI status in
  // `refusal`.
  Frame ask(wire::FrameKind kind, const nlohmann::json& json, std::span<const std::byte> payload = {});

  // Before a request is worked on; then whether the host asked it to stop. Looks at the socket at most every
  // millisecond.
  void clear_cancel() { cancelled_ = false; }
  bool cancelled();

 private:
  Frame read();
  void write(wire::FrameKind kind, const nlohmann::json& json, std::span<const std::byte> payload);

  int socket_;
  std::mutex mutex_;  // one frame, or one question and its answer, at a time
  std::atomic<bool> cancelled_ = false;
  std::atomic<std::int64_t> looked_ns_ = 0;
};

// What the host answered a callback with when it was not OK.
struct Refused {
  int status;
  std::string message;
};

}  // namespace assay::worker
