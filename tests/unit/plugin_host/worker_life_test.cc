// SPDX-License-Identifier: Apache-2.0
// A worker without its host: it must not stay behind, whatever its plugin is doing.
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <nlohmann/json.hpp>

#include "registry/plugin_host/library.h"
#include "registry/plugin_host/spawn_worker.h"
#include "registry/plugin_host/wire/batch.h"
#include "tests/support/catch.h"
#include "tests/unit/plugin_host/support.h"

namespace assay::test {
namespace {

using nlohmann::json;
using wire::FrameKind;

void say(const SpawnedWorker& worker, FrameKind kind, const json& words) {
  const std::string text = words.dump();
  const wire::FrameHeader header{static_cast<std::uint32_t>(kind), static_cast<std::uint32_t>(text.size()),
                                 0};
  REQUIRE(::send(worker.socket.get(), &header, sizeof header, MSG_NOSIGNAL) ==
          static_cast<ssize_t>(sizeof header));
  REQUIRE(::send(worker.socket.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(text.size()));
}

SpawnedWorker spawn() {
  const auto library = PluginLibrary::open(test_plugin("probe"), "probe.so");
  return spawn_worker(worker(), library->fd());
}

// The test's own time limit is what a worker that stays behind runs into.
bool ends(const SpawnedWorker& worker) {
  int status = 0;
  return ::waitpid(worker.pid, &status, 0) == worker.pid && WIFEXITED(status);
}

TEST_CASE("Worker: an idle one ends with its host") {
  SpawnedWorker worker = spawn();
  worker.socket.reset();
  CHECK(ends(worker));
}

TEST_CASE("Worker: one whose plugin never returns ends with its host all the same") {
  SpawnedWorker worker = spawn();
  say(worker, FrameKind::open,
      {{"component", "counter"}, {"capability", kEvaluator}, {"config", R"({"at":"begin","mode":"spin"})"}});
  say(worker, FrameKind::begin,
      {{"schema", wire::schema_to_json(*export_schema({{"a", ColumnType::f64}}))},
       {"roles", json::array()},
       {"source", nullptr}});
  // Its answer to `open` says that it got as far as the call that never ends.
  pollfd answered{worker.socket.get(), POLLIN, 0};
  REQUIRE(::poll(&answered, 1, -1) == 1);
  worker.socket.reset();
  CHECK(ends(worker));
}

}  // namespace
}  // namespace assay::test
