// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/worker/channel.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "assay/abi.h"
#include "registry/plugin_host/spawn_worker.h"
#include "storage/base/error.h"

namespace assay::worker {
namespace {

using nlohmann::json;
using wire::FrameKind;

constexpr std::size_t kTogether = 64 << 10;  // bytes that are copied to save a system call

void write_exactly(int socket, const void* data, std::size_t size) {
  const auto* from = static_cast<const std::byte*>(data);
  while (size > 0) {
    const ssize_t put = ::send(socket, from, size, MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) ::_exit(0);
    from += put;
    size -= static_cast<std::size_t>(put);
  }
}

std::int64_t now_ns() {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

}  // namespace

// Reads what there is, and the file that came with it: the kernel ends a read behind one that has a file.
void Channel::fill() {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  iovec place{buffer_.data(), buffer_.size()};
  msghdr message{};
  message.msg_iov = &place;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t got = -1;
  const auto receive = [&](int flags) {
    do got = ::recvmsg(socket_, &message, MSG_CMSG_CLOEXEC | flags);
    while (got < 0 && errno == EINTR);
    return got >= 0 || errno != EAGAIN;
  };
  if (!spin_.wait([&] { return receive(MSG_DONTWAIT); })) receive(0);
  if (got <= 0) ::_exit(0);
  filled_ = static_cast<std::size_t>(got);
  next_ = 0;
  const cmsghdr* sent = CMSG_FIRSTHDR(&message);
  if (sent == nullptr || sent->cmsg_type != SCM_RIGHTS) return;
  int file = -1;
  std::memcpy(&file, CMSG_DATA(sent), sizeof file);
  files_.emplace_back(file);
}

void Channel::read_exactly(std::byte* to, std::size_t size) {
  while (size > 0) {
    if (next_ == filled_) fill();
    const std::size_t part = std::min(size, filled_ - next_);
    std::memcpy(to, buffer_.data() + next_, part);
    next_ += part;
    to += part;
    size -= part;
  }
}

Frame Channel::read() {
  for (;;) {
    wire::FrameHeader header;
    read_exactly(reinterpret_cast<std::byte*>(&header), sizeof header);
    std::string text(header.json_size, '\0');
    read_exactly(reinterpret_cast<std::byte*>(text.data()), text.size());
    Frame frame{static_cast<FrameKind>(header.kind), json::parse(text), wire::Payload(header.payload_size), {}};
    read_exactly(frame.payload.data(), frame.payload.size());
    if (frame.kind == FrameKind::library || frame.kind == FrameKind::arena) {
      adopt(frame);
      continue;
    }
    if (frame.kind == FrameKind::forget) {
      std::erase_if(tables_, [id = frame.json.at("id").get<std::uint64_t>()](const wire::SharedBytes& table) {
        return table.arena == id;
      });
      continue;
    }
    if (frame.payload.size() != 0) {
      frame.arenas = tables_;
      if (input_.keep) frame.arenas.push_back(input_);
    }
    return frame;
  }
}

// Takes what the file brings. An earlier input stays mapped as long as a plugin has rows in it.
void Channel::adopt(const Frame& frame) {
  const UniqueFd file = std::move(files_.front());
  files_.pop_front();
  if (frame.kind == FrameKind::library) {
    ::dup2(file.get(), kWorkerLibrary);
    return;
  }
  const auto size = frame.json.at("size").get<std::size_t>();
  const auto use = frame.json.at("use").get<std::string>();
  const bool output = use == "output", scratch = use == "scratch";
  void* mapped =
      ::mmap(nullptr, size, output || scratch ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, file.get(), 0);
  if (mapped == MAP_FAILED) throw system_error("map memory of the host", errno);
  const wire::SharedBytes place = {frame.json.at("id").get<std::uint64_t>(),
           {static_cast<const std::byte*>(mapped), size},
           std::shared_ptr<const void>(mapped, [size](void* memory) { ::munmap(memory, size); })};
  if (use == "table") tables_.push_back(place);
  if (scratch) scratch_.push_back(place);
  if (use == "input") input_ = place;
  if (output) {
    output_ = place;
    room_ = static_cast<std::byte*>(mapped);
  }
}

wire::Target Channel::room_for_answer() {
  return {.take = [this](std::uint64_t size) -> wire::Target::Place {
    const std::lock_guard lock(mutex_);
    if (size > output_.bytes.size()) {
      wanted_ = size;
      return {};
    }
    return {output_.arena, 0, room_};
  }};
}

void* Channel::scratch(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  for (const wire::SharedBytes& each : scratch_)
    if (each.arena == id) return const_cast<std::byte*>(each.bytes.data());
  return nullptr;
}

std::uint64_t Channel::forget_scratch(const void* memory) {
  const std::lock_guard lock(mutex_);
  for (auto each = scratch_.begin(); each != scratch_.end(); ++each) {
    if (each->bytes.data() != memory) continue;
    const std::uint64_t id = each->arena;
    scratch_.erase(each);
    return id;
  }
  return 0;
}

void Channel::forget_scratch() {
  const std::lock_guard lock(mutex_);
  scratch_.clear();
}

void Channel::write(FrameKind kind, const json& document, std::span<const std::byte> payload) {
  // Text from a plugin may not be UTF-8; it is mended, not refused.
  const std::string text = document.dump(-1, ' ', false, json::error_handler_t::replace);
  const wire::FrameHeader header{static_cast<std::uint32_t>(kind), static_cast<std::uint32_t>(text.size()),
                                 payload.size()};
  // One write for what is small; a large payload is not copied for that.
  std::string head(reinterpret_cast<const char*>(&header), sizeof header);
  head += text;
  const bool together = payload.size() <= kTogether;
  if (together) head.append(reinterpret_cast<const char*>(payload.data()), payload.size());
  write_exactly(socket_, head.data(), head.size());
  if (!together) write_exactly(socket_, payload.data(), payload.size());
}

// Tells what batch_arenas.h listens for. Under the lock: no other thread's rows are on their way meanwhile.
json Channel::with_arenas(json document) {
  if (input_.keep.use_count() > 1) document["held"] = true;
  if (wanted_ != 0) document["wanted"] = std::exchange(wanted_, 0);
  return document;
}

Frame Channel::next_request() {
  const std::lock_guard lock(mutex_);
  Frame frame = read();
  while (frame.kind == FrameKind::cancel) frame = read();
  return frame;
}

void Channel::send(FrameKind kind, const json& document, std::span<const std::byte> payload) {
  const std::lock_guard lock(mutex_);
  write(kind, kind == FrameKind::done ? with_arenas(document) : document, payload);
}

Frame Channel::ask(FrameKind kind, const json& document, std::span<const std::byte> payload) {
  Frame frame;
  {
    const std::lock_guard lock(mutex_);
    write(kind, kind == FrameKind::scan_next ? with_arenas(document) : document, payload);
    frame = read();
    while (frame.kind == FrameKind::cancel) {
      cancelled_ = true;
      frame = read();
    }
  }
  if (const auto status = frame.json.find("status"); status != frame.json.end() && *status != ASSAY_OK)
    throw Refused{status->get<int>(), frame.json.value("message", "")};
  return frame;
}

bool Channel::cancelled() {
  constexpr std::int64_t interval_ns = 1'000'000;
  const std::int64_t now = now_ns();
  if (cancelled_ || now - looked_ns_ < interval_ns) return cancelled_;
  looked_ns_ = now;
  // When another thread is asking, it will see the cancel itself.
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock.owns_lock()) return cancelled_;
  pollfd readable{socket_, POLLIN, 0};
  const bool comes = next_ != filled_ || (::poll(&readable, 1, 0) > 0 && (readable.revents & POLLIN) != 0);
  // Nothing but a cancel can come while a request is worked on and no question is open.
  if (comes && read().kind == FrameKind::cancel)
    cancelled_ = true;
  return cancelled_;
}

}  // namespace assay::worker
