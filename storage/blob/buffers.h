// SPDX-License-Identifier: Apache-2.0
// Buffers of about a chunk, used again and again: fresh memory for every chunk costs more than filling it.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace assay {

// Any thread may call any method at any time.
class Buffers {
 public:
  // At most so many are kept for the next who asks.
  explicit Buffers(std::size_t kept) : idle_(std::make_shared<Idle>()) { idle_->kept = kept; }

  // An empty buffer, perhaps with capacity.
  std::vector<std::byte> take() {
    std::vector<std::byte> buffer = idle_->take();
    buffer.clear();
    return buffer;
  }
  // A buffer of that size; what is in it is anything.
  std::vector<std::byte> take(std::size_t size) {
    std::vector<std::byte> buffer = idle_->take();
    buffer.resize(size);  // costs nothing where a buffer of that size was given back
    return buffer;
  }
  // The same, given back by itself when nobody holds it any more; that may be after the Buffers are gone.
  std::shared_ptr<std::vector<std::byte>> share(std::size_t size) {
    auto buffer = std::make_unique<std::vector<std::byte>>(take(size));
    return {buffer.release(), [idle = idle_](std::vector<std::byte>* done) {
              idle->give_back(std::move(*done));
              delete done;
            }};
  }

  void give_back(std::vector<std::byte> buffer) { idle_->give_back(std::move(buffer)); }

 private:
  struct Idle {
    std::vector<std::byte> take() {
      const std::lock_guard lock(mutex);
      if (buffers.empty()) return {};
      std::vector<std::byte> buffer = std::move(buffers.back());
      buffers.pop_back();
      return buffer;
    }
    void give_back(std::vector<std::byte> buffer) {
      const std::lock_guard lock(mutex);
      if (buffers.size() < kept && buffer.capacity() > 0) buffers.push_back(std::move(buffer));
    }

    std::size_t kept = 0;
    std::mutex mutex;
    std::vector<std::vector<std::byte>> buffers;
  };

  std::shared_ptr<Idle> idle_;
};

}  // namespace assay
