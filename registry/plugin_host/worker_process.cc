// SPDX-License-Identifier: Apache-2.0
// All waiting happens in one place (wait_for), which also drains what the plugin prints: a worker blocked on
// a full pipe while we are blocked on its socket would wait for ever.
#include "registry/plugin_host/worker_process.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <thread>

#include "registry/domain/json_reader.h"
#include "registry/plugin_host/spawn_worker.h"
#include "storage/base/error.h"

namespace assay {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kTogether = 64 << 10;  // bytes that are copied to save a system call
constexpr std::size_t kShownOutput = 1000;  // of the plugin's last words, in an error message

std::string describe_exit(int status) {
  if (WIFSIGNALED(status)) {
    const char* name = ::sigabbrev_np(WTERMSIG(status));
    return fmt::format("crashed with SIG{} ({})", name == nullptr ? "?" : name,
                       ::strsignal(WTERMSIG(status)));
  }
  if (WEXITSTATUS(status) == kForbiddenCallExit) return "made a system call that its sandbox forbids";
  return fmt::format("ended its process with exit code {}", WEXITSTATUS(status));
}

std::string printable(std::string_view text) {
  if (text.size() > kShownOutput) text.remove_prefix(text.size() - kShownOutput);
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n')
      out += " | ";
    else
      out += byte < 0x20 || byte >= 0x7F ? '?' : c;
  }
  while (out.ends_with(" | ")) out.resize(out.size() - 3);
  return out;
}

}  // namespace

WorkerProcess::WorkerProcess(const std::filesystem::path& executable, const WorkerLimits& limits)
    : plugin_("none yet") {
  adopt(spawn_worker(executable, -1, limits));
}

WorkerProcess::WorkerProcess(const std::filesystem::path& executable, int library_fd, std::string plugin)
    : plugin_(std::move(plugin)) {
  adopt(spawn_worker(executable, library_fd));
}

void WorkerProcess::adopt(SpawnedWorker worker) {
  pid_ = worker.pid;
  socket_ = std::move(worker.socket);
  output_ = std::move(worker.output);
  wake_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (wake_.valid()) return;
  const int error = errno;
  kill_and_reap();
  throw system_error("start a plugin worker", error);
}

void WorkerProcess::give_library(int library_fd, std::string plugin) {
  plugin_ = std::move(plugin);
  doing_ = "load the plugin " + plugin_;
  send_with_file(wire::FrameKind::library, nlohmann::json::object(), library_fd);
}

bool WorkerProcess::waits() const {
  std::byte one;
  return !over() && ::recv(socket_.get(), &one, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

WorkerProcess::~WorkerProcess() {
  on_stop_.reset();
  kill_and_reap();
}

void WorkerProcess::begin_call(std::string doing, const CallOptions& options) {
  doing_ = std::move(doing);
  deadline_ = options.deadline;
  stop_ = options.stop;
  printed_ = 0;
  on_stop_ = std::make_unique<std::stop_callback<std::function<void()>>>(options.stop, [fd = wake_.get()] {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t put = ::write(fd, &one, sizeof one);
  });
}

void WorkerProcess::end_call() {
  on_stop_.reset();
  if (stop_.stop_requested()) {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = ::read(wake_.get(), &count, sizeof count);
  }
  deadline_.reset();
  kill_at_.reset();
  stopped_.reset();
  told_ = cpu_limited_ = false;
  stop_ = {};
  if (!over()) drain_output();
}

void WorkerProcess::send(wire::FrameKind kind, const nlohmann::json& json,
                         std::span<const std::byte> payload) {
  // Names and messages come from others; a byte that is not UTF-8 is replaced, never a reason to fail here.
  const std::string text = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  wire::FrameHeader header{static_cast<std::uint32_t>(kind), static_cast<std::uint32_t>(text.size()),
                           payload.size()};
  if (text.size() > wire::kMaxJsonBytes)
    throw Error(Code::too_large,
                fmt::format("{}: the request is larger than {} MiB", doing_, wire::kMaxJsonBytes >> 20));
  std::string head(reinterpret_cast<const char*>(&header), sizeof header);
  head += text;
  const bool together = payload.size() <= kTogether;
  if (together) head.append(reinterpret_cast<const char*>(payload.data()), payload.size());
  writing_ = true;
  write_all(std::as_bytes(std::span(head)));
  if (!together) write_all(payload);
  writing_ = false;
}

void WorkerProcess::send_with_file(wire::FrameKind kind, const nlohmann::json& json, int file) {
  const std::string text = json.dump();
  wire::FrameHeader header{static_cast<std::uint32_t>(kind), static_cast<std::uint32_t>(text.size()), 0};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof file)]{};
  iovec place{&header, sizeof header};
  msghdr message{};
  message.msg_iov = &place;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* sent = CMSG_FIRSTHDR(&message);
  sent->cmsg_level = SOL_SOCKET;
  sent->cmsg_type = SCM_RIGHTS;
  sent->cmsg_len = CMSG_LEN(sizeof file);
  std::memcpy(CMSG_DATA(sent), &file, sizeof file);
  writing_ = true;
  ssize_t put;
  while ((put = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL)) < 0) {
    if (errno == EAGAIN)
      wait_for(POLLOUT);
    else if (errno != EINTR)
      died();
  }
  write_all(std::as_bytes(std::span(&header, 1)).subspan(static_cast<std::size_t>(put)));
  write_all(std::as_bytes(std::span(text)));
  writing_ = false;
}

WireFrame WorkerProcess::receive() {
  wire::FrameHeader header;
  read_all(std::as_writable_bytes(std::span(&header, 1)));
  if (header.json_size > wire::kMaxJsonBytes || header.payload_size > wire::kMaxPayloadBytes)
    broke("a frame larger than frames are");
  std::string text(header.json_size, '\0');
  read_all(std::as_writable_bytes(std::span(text)));
  WireFrame frame{static_cast<wire::FrameKind>(header.kind), {}, wire::Payload(header.payload_size)};
  read_all({frame.payload.data(), frame.payload.size()});
  try {
    frame.json = parse_json(text, "a frame", {.max_bytes = wire::kMaxJsonBytes});
  } catch (const Error& error) {
    broke(error.message());
  }
  if (!frame.json.is_object()) broke("a frame that is not an object");
  return frame;
}

void WorkerProcess::write_all(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    if (over()) throw Error(Code::unavailable, doing_ + ": its worker has ended; load it again");
    const ssize_t put = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (put > 0)
      bytes = bytes.subspan(static_cast<std::size_t>(put));
    else if (errno == EAGAIN)
      wait_for(POLLOUT);
    else if (errno != EINTR)
      died();
  }
}

void WorkerProcess::read_all(std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    if (over()) throw Error(Code::unavailable, doing_ + ": its worker has ended; load it again");
    if (inbox_next_ != inbox_filled_) {
      const std::size_t part = std::min(bytes.size(), inbox_filled_ - inbox_next_);
      std::memcpy(bytes.data(), inbox_.data() + inbox_next_, part);
      inbox_next_ += part;
      bytes = bytes.subspan(part);
      continue;
    }
    // Small frames are read whole, with one call; large payloads go where they belong.
    const bool small = bytes.size() < inbox_.size();
    const std::span<std::byte> place = small ? std::span(inbox_) : bytes;
    ssize_t got = -1;
    spin_.wait([&] {
      got = ::recv(socket_.get(), place.data(), place.size(), 0);
      return got >= 0 || errno != EAGAIN;
    });
    if (got > 0 && small) {
      inbox_next_ = 0;
      inbox_filled_ = static_cast<std::size_t>(got);
    } else if (got > 0)
      bytes = bytes.subspan(static_cast<std::size_t>(got));
    else if (got < 0 && errno == EAGAIN)
      wait_for(POLLIN);
    else if (got == 0 || errno != EINTR)
      died();
  }
}

void WorkerProcess::wait_for(short events) {
  check_stop();
  const auto until = kill_at_ ? kill_at_ : deadline_;
  int timeout = -1;
  if (until) {
    const auto left = std::chrono::ceil<milliseconds>(*until - steady_clock::now());
    timeout = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
  }
  std::array<pollfd, 3> fds = {pollfd{socket_.get(), events, 0}, pollfd{output_.get(), POLLIN, 0},
                               // Once told, the wake-up stays readable and has nothing more to say.
                               pollfd{stopped_ ? -1 : wake_.get(), POLLIN, 0}};
  if (::poll(fds.data(), fds.size(), timeout) < 0 && errno != EINTR)
    throw system_error("wait for a plugin worker", errno);
  if (fds[1].revents != 0) drain_output();
  if (deadline_ && !cpu_limited_) limit_cpu();
  check_stop();
}

void WorkerProcess::check_stop() {
  const auto now = steady_clock::now();
  if (!stopped_) {
    if (stop_.stop_requested())
      stopped_ = Code::cancelled;
    else if (deadline_ && now >= *deadline_)
      stopped_ = Code::deadline;
    else
      return;
    kill_at_ = now + kGrace;
  }
  tell_to_stop();
  if (now < *kill_at_) return;
  const Code why = *stopped_;
  kill_and_reap();
  throw Error(why,
              fmt::format("{} {}; it did not stop within {} s and was ended", doing_,
                          why == Code::cancelled ? "was cancelled" : "passed its deadline", kGrace.count()));
}

// Beside the deadline that we watch, for the case that we are stopped ourselves: no more processor time than all
// processors have until then. Raised for every call that waits, since the limit counts from the worker's start.
void WorkerProcess::limit_cpu() {
  cpu_limited_ = true;
  clockid_t clock{};
  timespec used{};
  if (::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return;
  const auto left = std::chrono::ceil<std::chrono::seconds>(*deadline_ - steady_clock::now() + 2 * kGrace);
  const auto processors = std::max(1u, std::thread::hardware_concurrency());
  rlimit most{};
  if (::prlimit(pid_, RLIMIT_CPU, nullptr, &most) != 0) return;
  most.rlim_cur = std::min(
      most.rlim_max, static_cast<rlim_t>(used.tv_sec + std::max<std::int64_t>(left.count(), 1) * processors + 1));
  ::prlimit(pid_, RLIMIT_CPU, &most, nullptr);
}

void WorkerProcess::tell_to_stop() {
  const wire::FrameHeader header{static_cast<std::uint32_t>(wire::FrameKind::cancel), 2, 0};
  std::string frame(reinterpret_cast<const char*>(&header), sizeof header);
  frame += "{}";
  // Never inside another frame; then the next wait tells.
  if (writing_ || told_) return;
  told_ = ::send(socket_.get(), frame.data(), frame.size(), MSG_NOSIGNAL | MSG_DONTWAIT) > 0;
}

void WorkerProcess::drain_output() {
  std::array<char, 65'536> block;
  for (;;) {
    const ssize_t got = ::read(output_.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) output_.reset();  // everybody who could print is gone; poll must not see it again
    if (got <= 0) return;
    printed_ += static_cast<std::uint64_t>(got);
    text_.append(block.data(), static_cast<std::size_t>(got));
    if (text_.size() > 2 * kKeptOutput) text_.erase(0, text_.size() - kKeptOutput);
    if (printed_ > kMaxOutput) {
      kill_and_reap();
      throw Error(Code::too_large,
                  fmt::format("{}: it printed more than {} MiB and was ended; its last words: {}", doing_,
                              kMaxOutput >> 20, printable(text_)));
    }
  }
}

std::string WorkerProcess::take_output() {
  if (text_.size() > kKeptOutput) text_.erase(0, text_.size() - kKeptOutput);
  return std::exchange(text_, {});
}

void WorkerProcess::condemn() {
  kill_and_reap();
}

// The exit status, once it has gone; it gets `patience` to go by itself.
int WorkerProcess::reap(milliseconds patience) {
  const auto until = steady_clock::now() + patience;
  int status = 0;
  while (::waitpid(pid_, &status, WNOHANG) == 0) {
    if (steady_clock::now() >= until) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, &status, 0);
      break;
    }
    std::this_thread::sleep_for(milliseconds(1));
  }
  pid_ = -1;
  return status;
}

void WorkerProcess::kill_and_reap() {
  if (over()) return;
  ::kill(pid_, SIGKILL);
  reap(std::chrono::seconds(10));
}

void WorkerProcess::died() {
  // A crash closes the socket a moment before the process can be reaped; a core of threads may take a little
  // longer.
  const int status = reap(std::chrono::seconds(1));
  crashed_ = true;
  if (output_.valid()) drain_output();
  const std::string words = printable(text_);
  throw Error(
      Code::internal,
      fmt::format(
          "{}: the plugin {}{}; nothing of this call was kept. Run assay plugin check on it and tell its "
          "author",
          doing_, describe_exit(status),
          words.empty() ? " and printed nothing" : fmt::format("; its last words: {}", words)));
}

void WorkerProcess::broke(std::string_view what) {
  kill_and_reap();
  throw Error(Code::internal, fmt::format("{}: its worker sent {} and was ended", doing_, what));
}

}  // namespace assay
