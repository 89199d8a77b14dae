// SPDX-License-Identifier: Apache-2.0
// What a worker's sandbox keeps a plugin from. Each attempt is a failed call whose reason names it, and the host goes
// on. A layer that this machine does not offer is reported; seccomp and the limits are needed for these tests.
#include "registry/plugin_host/sandbox_probe.h"
#include "tests/support/catch.h"
#include "tests/unit/plugin_host/support.h"

namespace assay::test {
namespace {

constexpr std::uint64_t kMemory = 1ull << 30;

Error failure(const std::string& mode) {
  WorkerPlugins host = plugins({.memory_bytes = kMemory});
  const Outcome outcome = fit(host, mode);
  REQUIRE(outcome.error);
  CHECK(outcome.model.all().empty());
  // The host itself, and a plugin that behaves, are as before.
  CHECK_FALSE(fit(host, "good").error);
  return *outcome.error;
}

bool refused(const std::string& mode, const std::string& what) {
  const Error error = failure(mode);
  INFO(error.message());
  CHECK(error.code() == Code::denied);
  CHECK(contains(error.message(), "it did not get " + what + ": "));
  return contains(error.message(), "Operation not permitted");
}

TEST_CASE("Sandbox: every layer is listed with what it does, or why it is not there") {
  const auto layers = probe_sandbox(worker());
  std::vector<std::string> names;
  for (const SandboxLayer& layer : layers) {
    names.push_back(layer.name);
    CHECK_FALSE(layer.what.empty());
  }
  CHECK(names == std::vector<std::string>{"files and environment", "user namespace", "network namespace",
                                          "ipc namespace", "mount namespace", "resource limits",
                                          "no new privileges", "Landlock", "capabilities",
                                          "seccomp, before loading", "seccomp, after loading"});
  for (const SandboxLayer& layer : layers)
    if (layer.name.starts_with("seccomp") || layer.name == "resource limits") CHECK(layer.active);
}

TEST_CASE("Sandbox: no network") {
  CHECK(refused("connect", "a socket"));
  CHECK(refused("connect_local", "a socket"));
}

TEST_CASE("Sandbox: no file is read, listed or written") {
  CHECK(refused("read_file", "/etc/passwd"));
  CHECK(refused("list_files", "the root folder"));
  CHECK(refused("write_file", "a file to write"));
}

TEST_CASE("Sandbox: memory that was written is not run, and no signal reaches the host") {
  CHECK(refused("make_code", "memory to run"));
  CHECK(refused("kill_host", "a signal to its host"));
}

TEST_CASE("Sandbox: running a program ends the plugin, and says so") {
  const Error error = failure("run");
  CHECK(error.code() == Code::internal);
  CHECK(contains(error.message(), "the plugin made a system call that its sandbox forbids"));
  CHECK(contains(error.message(), "the system call execve"));
}

TEST_CASE("Sandbox: a fork bomb ends at its first process") {
  const Error error = failure("fork");
  CHECK(contains(error.message(), "the plugin made a system call that its sandbox forbids"));
  CHECK(contains(error.message(), "clone, as a new process"));
}

TEST_CASE("Sandbox: threads without end run into a limit") {
  const Error error = failure("threads");
  INFO(error.message());
  // A sanitizer keeps memory for each thread, and may meet that limit first.
  CHECK((contains(error.message(), "Resource temporarily unavailable") ||
         contains(error.message(), "AddressSanitizer failed to allocate")));
}

TEST_CASE("Sandbox: 10 GB of memory are not to be had, however they are asked for") {
  const Error error = failure("hoard");
  INFO(error.message());
  // A sanitizer's allocator spells it with hyphens, and ends the process.
  CHECK((contains(error.message(), "out of memory") || contains(error.message(), "out-of-memory")));
  CHECK(refused("share_memory", "shared memory"));
  CHECK_FALSE(contains(failure("raise_limit").message(), "it got"));
}

TEST_CASE("Sandbox: it holds before a plugin's first function, while its constructors run") {
  WorkerPlugins host = plugins();
  Listener heard;
  const Opened forks = choose(host, "rogue_early_fork", "rogue", "{}");
  const Error error = error_of([&] { host.scorer(forks.info, "rogue", forks.config); });
  CHECK(contains(error.message(), "clone, as a new process"));

  const Opened reads = choose(host, "rogue_early_read", "rogue", "{}");
  const auto scorer = host.scorer(reads.info, "rogue", reads.config);
  scorer->load(std::make_shared<MemoryBundle>(), {}, heard);
  CHECK(heard.logs == std::vector<std::string>{});
}

}  // namespace
}  // namespace assay::test
