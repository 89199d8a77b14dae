// SPDX-License-Identifier: Apache-2.0
// A stretch of memory that a worker maps too, so that rows need not go through a socket. Its size never changes: a
// worker that cut it short could crash its host.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "storage/env/unique_fd.h"

namespace assay {

// Who may write. The other side reads, and cannot make its mapping writable.
enum class ArenaWriter { host, worker };

class Arena {
 public:
  // Takes no memory before it is written to. Throws what the system says.
  Arena(std::uint64_t size, ArenaWriter writer);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  std::span<std::byte> bytes() const { return bytes_; }
  int fd() const { return memory_.get(); }

 private:
  UniqueFd memory_;
  std::span<std::byte> bytes_;
};

}  // namespace assay
