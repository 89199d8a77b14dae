// SPDX-License-Identifier: Apache-2.0
// Memory for one table's values that workers map, so that what a reader wrote is what a plugin reads. Never for two
// tables: a worker that is given one would see the other.
#pragma once

#include <memory>
#include <memory_resource>
#include <mutex>
#include <vector>

#include "registry/plugin_host/arena.h"

namespace assay {

// Any thread.
class SharedTableMemory final : public std::pmr::memory_resource {
 public:
  static constexpr std::uint64_t kWorthIt = 1 << 20;  // a table of so many bytes; less is copied faster than mapped

  // `bytes` is about what the table will take.
  explicit SharedTableMemory(std::uint64_t bytes) : expected_(bytes) {}

  // The stretches that values lie in; there is seldom more than one.
  std::vector<std::shared_ptr<Arena>> arenas() const;

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  // What a column that grew leaves behind is not used again: readers reserve what they need.
  void do_deallocate(void*, std::size_t, std::size_t) override {}
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }

  const std::uint64_t expected_;
  mutable std::mutex mutex_;  // guards what follows
  std::vector<std::shared_ptr<Arena>> arenas_;
  std::uint64_t used_ = 0;  // of the last
};

}  // namespace assay
