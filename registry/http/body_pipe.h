// SPDX-License-Identifier: Apache-2.0
// A bounded buffer between the I/O thread, which puts what arrives, and a worker, which waits for it. A full
// buffer stops the reading from the socket, and so the sender.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

#include "registry/http/message.h"
#include "storage/base/error.h"

namespace assay::http {

class BodyPipe final : public BodyReader {
 public:
  // `changed` is called, on the worker's thread and without any lock, when it first wants bytes and whenever
  // it has made room.
  BodyPipe(std::size_t capacity, std::function<void()> changed);

  // The worker's side.
  std::size_t read(std::span<std::byte> out) override;

  // The I/O thread's side. Where the next bytes may be put (empty: full), and how many were. The buffer is made when room
  // is first asked for: a pipe that waits for its worker is small.
  std::span<std::byte> room();
  void filled(std::size_t bytes);
  void finish();           // the body is complete
  void fail(Error error);  // it will never be; reading throws this
  bool wanted() const;     // the worker has asked for bytes

 private:
  std::function<void()> changed_;
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  const std::size_t capacity_;
  std::unique_ptr<std::byte[]> ring_;  // not there before the I/O thread first asks for room
  std::size_t start_ = 0;  // of what is unread
  std::size_t size_ = 0;
  bool wanted_ = false;
  bool finished_ = false;
  std::optional<Error> error_;
};

}  // namespace assay::http
