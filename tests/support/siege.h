// SPDX-License-Identifier: Apache-2.0
// A registry's server under slow clients, with uploads beside them: what it answers meanwhile, what it takes to hold them,
// and whether it gets rid of them by itself. The server is another process, so that its memory is its own.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "tests/support/slow_clients.h"

namespace assay::test {

// How long the server may take to answer /healthz, 99 times in 100, and what it may take of memory beyond what it had.
inline constexpr std::chrono::milliseconds kHealthBound{250};
inline constexpr std::uint64_t kMemoryBound = 64ull << 20;

// Asks for /healthz every some milliseconds on connections of their own until it is told to stop.
class HealthProbe {
 public:
  explicit HealthProbe(std::uint16_t port);
  ~HealthProbe();
  HealthProbe(const HealthProbe&) = delete;
  HealthProbe& operator=(const HealthProbe&) = delete;

  struct Times {
    std::size_t asked = 0;
    std::size_t unanswered = 0;  // within ten seconds, or not with 200
    double p50_ms = 0, p99_ms = 0, most_ms = 0;  // an unanswered one counts as what it took to give up
  };
  std::size_t asked() const;  // so far
  Times finish();

 private:
  struct Asking;
  std::unique_ptr<Asking> asking_;
};

struct Besieged {
  std::string url;
  std::string token;  // of somebody who may upload
  pid_t server = 0;
};

struct SiegePlan {
  std::size_t slow = 0;
  std::size_t uploads = 0;  // all at once
  std::size_t upload_bytes = 0;
  std::uint64_t seed = 0;  // of what is uploaded
};

struct SiegeReport {
  HealthProbe::Times health{};
  std::uint64_t memory_before = 0, memory_peak = 0;
  std::size_t sockets_before = 0, sockets_held = 0, sockets_after = 0;
  std::size_t descriptors_before = 0, descriptors_after = 0;  // a store has more of them, one for each new pack
  std::size_t uploads_right = 0;                              // read back afterwards
  double uploads_s = 0;
  double all_ended_s = 0;  // from the release until the server had ended the last
  SlowClients::Endings endings{};
};

// Nobody else may be talking to the server. Takes as long as the server's longest timeout, and the uploads. Throws
// std::runtime_error when the server does not get rid of the slow ones within two minutes, and what an upload throws.
SiegeReport besiege(const Besieged& registry, const SiegePlan& plan);

// For people, some lines.
std::string describe(const SiegePlan& plan, const SiegeReport& report);

}  // namespace assay::test
