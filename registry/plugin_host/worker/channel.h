// SPDX-License-Identifier: Apache-2.0
// The worker's end of the socket: whole frames, blocking. When the host is gone there is nobody to report to,
// so the process ends at once instead of throwing.
#pragma once

#include <atomic>
#include <deque>
#include <mutex>
#include <span>

#include <nlohmann/json.hpp>

#include "registry/plugin_host/wire/batch.h"
#include "registry/plugin_host/wire/spin.h"
#include "storage/env/unique_fd.h"

namespace assay::worker {

struct Frame {
  wire::FrameKind kind{};
  nlohmann::json json;
  wire::Payload payload;
  wire::Arenas arenas;  // the memory that a batch in the payload may lie in
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

  // Where an answer's rows may go: the host's room for them, as far as it goes.
  wire::Target room_for_answer();

  // Room on disk for the call at hand. Where the answered one is mapped; forgets one and answers its id, 0 if there is
  // none; forgets all.
  void* scratch(std::uint64_t id);
  std::uint64_t forget_scratch(const void* memory);
  void forget_scratch();

  // Before a request is worked on; then whether the host asked it to stop. Looks at the socket at most every
  // millisecond.
  void clear_cancel() { cancelled_ = false; }
  bool cancelled();

 private:
  Frame read();
  void fill();
  void read_exactly(std::byte* to, std::size_t size);
  void adopt(const Frame& frame);
  nlohmann::json with_arenas(nlohmann::json document);
  void write(wire::FrameKind kind, const nlohmann::json& json, std::span<const std::byte> payload);

  int socket_;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(64 << 10);
  std::size_t next_ = 0, filled_ = 0;  // of buffer_: read from the socket and not yet asked for
  wire::Spin spin_;
  std::deque<UniqueFd> files_;     // that came along, for the frames that bring one
  wire::SharedBytes input_;        // written by the host; in use elsewhere while a plugin keeps rows
  wire::SharedBytes output_;
  wire::Arenas tables_;        // that the host's readers wrote
  wire::Arenas scratch_;       // of the call at hand
  std::byte* room_ = nullptr;  // output_, writable
  std::uint64_t wanted_ = 0;   // of an answer that found no room
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
