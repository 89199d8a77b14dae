// SPDX-License-Identifier: Apache-2.0
// What the kernel says of another process: its memory and its connections.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace assay::test {

class WatchedProcess {
 public:
  explicit WatchedProcess(pid_t pid) : pid_(pid) {}

  std::uint64_t resident() const;   // bytes now
  std::uint64_t peak() const;       // the most since it began, or since forget_peak()
  void forget_peak() const;
  std::size_t sockets() const;      // open descriptors that are sockets
  std::size_t descriptors() const;  // all open ones

 private:
  pid_t pid_;
};

}  // namespace assay::test
