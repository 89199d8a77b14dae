// SPDX-License-Identifier: Apache-2.0
#include "storage/env/directory_lock.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "storage/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

namespace assay {
namespace {

TEST_CASE("Directory lock: a second holder is refused and told who holds it") {
  test::TempDir directory;
  const DirectoryLock lock(directory.path());
  try {
    const DirectoryLock second(directory.path());
    FAIL("two holders");
  } catch (const Error& error) {
    CHECK(error.code() == Code::unavailable);
    CHECK(error.message().find("process " + std::to_string(getpid())) != std::string::npos);
    CHECK(error.message().find("--data") != std::string::npos);
  }
}

TEST_CASE("Directory lock: a holder that lets go makes room") {
  test::TempDir directory;
  auto lock = std::make_unique<DirectoryLock>(directory.path());
  lock.reset();
  CHECK_NOTHROW(DirectoryLock(directory.path()));
}

TEST_CASE("Directory lock: a killed holder makes room") {
  test::TempDir directory;
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  const pid_t child = fork();
  if (child == 0) {
    const DirectoryLock lock(directory.path());
    if (write(ready[1], "x", 1) != 1) _exit(1);
    for (;;) pause();
  }
  char byte = 0;
  REQUIRE(read(ready[0], &byte, 1) == 1);
  CHECK_THROWS_AS(DirectoryLock(directory.path()), Error);
  kill(child, SIGKILL);
  REQUIRE(waitpid(child, nullptr, 0) == child);
  CHECK_NOTHROW(DirectoryLock(directory.path()));
  close(ready[0]);
  close(ready[1]);
}

TEST_CASE("Directory lock: a missing directory is said to be missing") {
  test::TempDir directory;
  try {
    const DirectoryLock lock(directory / "none");
    FAIL("locked nothing");
  } catch (const Error& error) {
    CHECK(error.code() == Code::not_found);
  }
}

}  // namespace
}  // namespace assay
