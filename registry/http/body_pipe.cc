// SPDX-License-Identifier: Apache-2.0
#include "registry/http/body_pipe.h"

#include <algorithm>
#include <cstring>

namespace assay::http {

BodyPipe::BodyPipe(std::size_t capacity, std::function<void()> changed)
    : changed_(std::move(changed)), capacity_(capacity) {}

std::size_t BodyPipe::read(std::span<std::byte> out) {
  std::unique_lock lock(mutex_);
  if (!wanted_) {
    wanted_ = true;
    lock.unlock();
    changed_();
    lock.lock();
  }
  arrived_.wait(lock, [this] { return size_ > 0 || finished_ || error_; });
  // Bytes that came before the failure are of no use to anybody: the body is not whole.
  if (error_) throw *error_;
  const std::size_t n = std::min({out.size(), size_, capacity_ - start_});
  if (n == 0) return 0;
  // The I/O thread never touches bytes between start_ and start_ + size_, but the copy is short.
  std::memcpy(out.data(), ring_.get() + start_, n);
  start_ = (start_ + n) % capacity_;
  size_ -= n;
  lock.unlock();
  changed_();
  return n;
}

std::span<std::byte> BodyPipe::room() {
  const std::lock_guard lock(mutex_);
  if (!ring_) ring_ = std::make_unique_for_overwrite<std::byte[]>(capacity_);
  const std::size_t end = (start_ + size_) % capacity_;
  const std::size_t free = capacity_ - size_;
  return {ring_.get() + end, std::min(free, capacity_ - end)};
}

void BodyPipe::filled(std::size_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    size_ += bytes;
  }
  arrived_.notify_one();
}

void BodyPipe::finish() {
  {
    const std::lock_guard lock(mutex_);
    finished_ = true;
  }
  arrived_.notify_one();
}

void BodyPipe::fail(Error error) {
  {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::move(error);
  }
  arrived_.notify_one();
}

bool BodyPipe::wanted() const {
  const std::lock_guard lock(mutex_);
  return wanted_;
}

}  // namespace assay::http
