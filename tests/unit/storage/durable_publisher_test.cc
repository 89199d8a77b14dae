// SPDX-License-Identifier: Apache-2.0
#include "storage/env/durable_publisher.h"

#include <cerrno>
#include <string>
#include <vector>

#include "storage/base/error.h"
#include "tests/support/bytes.h"
#include "tests/support/catch.h"
#include "tests/support/hooked_files.h"
#include "tests/support/simulated_disk.h"

namespace assay {
namespace {

Code publish_code(DurablePublisher& publisher, Files& files, const std::string& name) {
  try {
    const auto file = files.create("tmp-" + name);
    file->append(test::as_span("x"));
    (void)publisher.publish(*file, "tmp-" + name, "d/" + name);
  } catch (const Error& error) {
    return error.code();
  }
  FAIL("published");
  return Code::internal;
}

TEST_CASE("Publisher: syncs the file, renames, then syncs the directory, in that order") {
  test::SimulatedDisk disk;
  disk.make_directory("d");
  std::vector<std::string> log;
  test::HookedFiles files(disk, [&](auto operation, auto path) {
    log.push_back(std::string(operation) + " " + std::string(path));
  });
  DurablePublisher publisher(files);
  const auto file = files.create("t");
  CHECK(publisher.publish(*file, "t", "d/x"));
  CHECK(log ==
        std::vector<std::string>{"create t", "open_directory d", "sync t", "rename d/x", "sync_directory d"});
}

TEST_CASE("Publisher: a taken name is kept, and made durable all the same") {
  test::SimulatedDisk disk;
  disk.make_directory("d");
  disk.open_directory("")->sync();
  disk.create("d/x");
  DurablePublisher publisher(disk);
  const auto file = disk.create("t");
  CHECK_FALSE(publisher.publish(*file, "t", "d/x"));
  disk.restart(1);
  CHECK(disk.list("d").size() == 1);
}

TEST_CASE("Publisher: after a failed sync nothing is published until a restart") {
  for (const std::string broken : {"sync", "sync_directory"}) {
    CAPTURE(broken);
    test::SimulatedDisk disk;
    disk.make_directory("d");
    bool fault = true;
    int syncs = 0;
    test::HookedFiles files(disk, [&](auto operation, auto) {
      if (operation != broken) return;
      ++syncs;
      if (fault) throw system_error("Syncing", EIO);
    });
    DurablePublisher publisher(files);
    CHECK(publish_code(publisher, files, "a") == Code::unavailable);
    fault = false;
    CHECK(publish_code(publisher, files, "b") == Code::unavailable);
    CHECK_THROWS_AS(publisher.ensure_writable(), Error);
    CHECK(syncs == 1);
  }
}

TEST_CASE("Publisher: a full disk or a lack of descriptors passes") {
  for (const auto& [operation, error_number] :
       {std::pair{"sync", ENOSPC}, std::pair{"open_directory", EMFILE}}) {
    test::SimulatedDisk disk;
    disk.make_directory("d");
    bool fault = true;
    test::HookedFiles files(disk,
                            [&, name = std::string_view(operation), number = error_number](auto what, auto) {
                              if (fault && what == name) throw system_error("Test fault", number);
                            });
    DurablePublisher publisher(files);
    CHECK(publish_code(publisher, files, "a") == (error_number == ENOSPC ? Code::full : Code::unavailable));
    fault = false;
    const auto file = files.create("t");
    CHECK(publisher.publish(*file, "t", "d/x"));
  }
}

}  // namespace
}  // namespace assay
