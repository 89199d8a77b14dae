// SPDX-License-Identifier: Apache-2.0
// One assay-worker process: started, spoken to, listened to, and ended whatever it does. It knows frames, not
// what they mean.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "registry/compute/ports.h"
#include "registry/plugin_host/spawn_worker.h"
#include "registry/plugin_host/wire/frame.h"
#include "registry/plugin_host/wire/spin.h"
#include "storage/base/error.h"
#include "storage/env/unique_fd.h"

namespace assay {

struct WireFrame {
  wire::FrameKind kind{};
  nlohmann::json json;
  wire::Payload payload;
};

// One thread at a time. After any Error of send or receive the process is over and every further call throws
// unavailable.
class WorkerProcess {
 public:
  static constexpr std::chrono::seconds kGrace{2};          // between asking a call to stop and killing it
  static constexpr std::size_t kKeptOutput = 64 << 10;      // of what the plugin printed; the end is kept
  static constexpr std::uint64_t kMaxOutput = 64ull << 20;  // printed in one call; more ends it

  // Starts `executable`, which confines itself and waits. Throws unavailable when it cannot be started, saying which
  // file is missing.
  explicit WorkerProcess(const std::filesystem::path& executable, const WorkerLimits& limits = {});
  // The same with the sealed library `library_fd`. `plugin` is how messages call it.
  WorkerProcess(const std::filesystem::path& executable, int library_fd, std::string plugin);
  // Ends the process, by force if it does not go at once.
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  // Gives one that was started without it its library.
  void give_library(int library_fd, std::string plugin);
  // Whether the process is alive and has said nothing.
  bool waits() const;

  // Between these, send and receive heed the options: when the deadline passes or a stop is requested the
  // worker is told, given kGrace to answer, and then killed (Error deadline or cancelled). `doing` is the
  // operation, for messages.
  void begin_call(std::string doing, const CallOptions& options);
  void end_call();

  void send(wire::FrameKind kind, const nlohmann::json& json, std::span<const std::byte> payload = {});
  // The same with a file that the worker gets a copy of.
  void send_with_file(wire::FrameKind kind, const nlohmann::json& json, int file);
  // The next frame. Throws internal when the worker died (naming the signal or exit code and its last words)
  // or sent what is not a frame.
  WireFrame receive();
  // What the plugin printed since the last time, without what was dropped.
  std::string take_output();
  // After a broken promise: kills the process, so that nothing it says is heard again.
  void condemn();

  bool over() const { return pid_ < 0; }
  // Whether it is over because it died by itself, and not by us.
  bool crashed() const { return crashed_; }
  const std::string& plugin() const { return plugin_; }

 private:
  void adopt(SpawnedWorker worker);
  void write_all(std::span<const std::byte> bytes);
  void read_all(std::span<std::byte> bytes);
  void wait_for(short events);
  void check_stop();
  void limit_cpu();
  void tell_to_stop();
  void drain_output();
  void kill_and_reap();
  int reap(std::chrono::milliseconds patience);
  [[noreturn]] void died();
  [[noreturn]] void broke(std::string_view what);

  std::string plugin_;
  pid_t pid_ = -1;
  UniqueFd socket_, output_, wake_;
  std::vector<std::byte> inbox_ = std::vector<std::byte>(64 << 10);
  std::size_t inbox_next_ = 0, inbox_filled_ = 0;  // read from the socket and not yet asked for
  wire::Spin spin_;
  std::string text_;  // printed and not yet taken
  std::uint64_t printed_ = 0;
  std::string doing_;
  std::optional<std::chrono::steady_clock::time_point> deadline_, kill_at_;
  std::unique_ptr<std::stop_callback<std::function<void()>>> on_stop_;
  std::stop_token stop_;
  bool crashed_ = false;
  bool cpu_limited_ = false;     // in this call
  bool writing_ = false;         // in the middle of a frame
  bool told_ = false;            // that it should stop
  std::optional<Code> stopped_;  // why the call was told to stop
};

}  // namespace assay
