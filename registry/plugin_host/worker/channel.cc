// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/worker/channel.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "assay/abi.h"

namespace assay::worker {
namespace {

using nlohmann::json;
using wire::FrameKind;

void read_exactly(int socket, std::byte* to, std::size_t size) {
  while (size > 0) {
    const ssize_t got = ::recv(socket, to, size, MSG_WAITALL);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) ::_exit(0);
    to += got;
    size -= static_cast<std::size_t>(got);
  }
}

// The beginning of a frame, and the file that came with it.
UniqueFd read_header(int socket, wire::FrameHeader& header) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  iovec place{&header, sizeof header};
  msghdr message{};
  message.msg_iov = &place;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t got;
  do got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_WAITALL);
  while (got < 0 && errno == EINTR);
  if (got <= 0) ::_exit(0);
  read_exactly(socket, reinterpret_cast<std::byte*>(&header) + got, sizeof header - static_cast<std::size_t>(got));
  const cmsghdr* sent = CMSG_FIRSTHDR(&message);
  if (sent == nullptr || sent->cmsg_type != SCM_RIGHTS) return UniqueFd();
  int file = -1;
  std::memcpy(&file, CMSG_DATA(sent), sizeof file);
  return UniqueFd(file);
}

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

Frame Channel::read() {
  wire::FrameHeader header;
  UniqueFd file = read_header(socket_, header);
  std::string text(header.json_size, '\0');
  read_exactly(socket_, reinterpret_cast<std::byte*>(text.data()), text.size());
  Frame frame{static_cast<FrameKind>(header.kind), json::parse(text), wire::Payload(header.payload_size),
              std::move(file)};
  read_exactly(socket_, frame.payload.data(), frame.payload.size());
  return frame;
}

void Channel::write(FrameKind kind, const json& document, std::span<const std::byte> payload) {
  // Text from a plugin may not be UTF-8; it is mended, not refused.
  const std::string text = document.dump(-1, ' ', false, json::error_handler_t::replace);
  const wire::FrameHeader header{static_cast<std::uint32_t>(kind), static_cast<std::uint32_t>(text.size()),
                                 payload.size()};
  write_exactly(socket_, &header, sizeof header);
  write_exactly(socket_, text.data(), text.size());
  write_exactly(socket_, payload.data(), payload.size());
}

Frame Channel::next_request() {
  const std::lock_guard lock(mutex_);
  Frame frame = read();
  while (frame.kind == FrameKind::cancel) frame = read();
  return frame;
}

void Channel::send(FrameKind kind, const json& document, std::span<const std::byte> payload) {
  const std::lock_guard lock(mutex_);
  write(kind, document, payload);
}

Frame Channel::ask(FrameKind kind, const json& document, std::span<const std::byte> payload) {
  Frame frame;
  {
    const std::lock_guard lock(mutex_);
    write(kind, document, payload);
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
  // Nothing but a cancel can come while a request is worked on and no question is open.
  if (::poll(&readable, 1, 0) > 0 && (readable.revents & POLLIN) != 0 && read().kind == FrameKind::cancel)
    cancelled_ = true;
  return cancelled_;
}

}  // namespace assay::worker
