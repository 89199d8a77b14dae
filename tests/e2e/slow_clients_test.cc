// SPDX-License-Identifier: Apache-2.0
// The server under clients that hold its connections: it stays well, takes uploads, and gets rid of them by itself. Waits for
// the server's own timeouts, of which the longest is 75 seconds; a campaign has a thousand of them.
#include <fmt/format.h>

#include <iostream>
#include <random>

#include "tests/e2e/registry.h"
#include "tests/support/catch.h"
#include "tests/support/siege.h"

namespace assay::test {
namespace {

std::size_t ended(const SiegeReport& report, Slowness slowness, int status) {
  const auto& endings = report.endings.at(slowness);
  return endings.contains(status) ? endings.at(status) : 0;
}

void check(std::size_t slow, std::size_t uploads) {
  const Registry registry;
  const SiegePlan plan{.slow = slow, .uploads = uploads, .upload_bytes = 4u << 20, .seed = std::random_device()()};
  std::cout << "seed " << plan.seed << std::endl;
  const SiegeReport report =
      besiege({.url = registry.url(), .token = registry.admin_token(), .server = registry.server()}, plan);
  std::cout << describe(plan, report);
  CHECK(report.sockets_held >= report.sockets_before + plan.slow);
  CHECK(report.health.asked > 1000);
  CHECK(report.health.unanswered == 0);
  CHECK(report.health.p99_ms < static_cast<double>(kHealthBound.count()));
#ifndef ASSAY_SANITIZED
  // A sanitizer keeps freed memory and shadows all of it; tests/bench/connections has the program as it is installed.
  CHECK(report.memory_peak <= report.memory_before + kMemoryBound);
#endif
  CHECK(report.uploads_right == plan.uploads);
  // All of the last generation were ended, and each in the way that its kind is.
  for (const Slowness slowness : kSlownesses) {
    std::size_t all = 0;
    for (const auto& [status, times] : report.endings.at(slowness)) all += times;
    CHECK(all >= plan.slow / kSlownesses.size());
  }
  CHECK(report.endings.at(Slowness::head).size() == 1);
  CHECK(ended(report, Slowness::head, 408) > 0);
  // A document that is read whole, and an upload that has not come far enough to have a thread.
  CHECK(report.endings.at(Slowness::body).size() == 1);
  CHECK(ended(report, Slowness::body, 408) >= plan.slow / kSlownesses.size());
  CHECK(report.endings.at(Slowness::reader).size() == 1);
  CHECK(ended(report, Slowness::reader, 0) == plan.slow / kSlownesses.size());
  CHECK(report.endings.at(Slowness::idle).size() == 1);
  CHECK(ended(report, Slowness::idle, 0) == plan.slow / kSlownesses.size());
  CHECK(report.sockets_after == report.sockets_before);
  // As before: it takes, keeps and gives.
  registry.write("after.bin", "after the siege");
  registry.expect(0, {"push", "model", "after", "after.bin"});
  registry.expect(0, {"pull", "after@1", "out"});
  CHECK(read_file(registry.file("out/after.bin")) == "after the siege");
}

}  // namespace

TEST_CASE("Slow clients: 128 of four kinds neither keep the server from its work nor stay") {
  check(128, 8);
}

TEST_CASE("Campaign: 1000 slow clients of four kinds, and 64 uploads at once", "[.campaign]") {
  check(1000, 64);
}

}  // namespace assay::test
