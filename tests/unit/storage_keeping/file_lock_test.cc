// SPDX-License-Identifier: Apache-2.0
#include "storage/env/file_lock.h"

#include "storage/base/byte_size.h"
#include "storage/base/error.h"
#include "storage/env/disk_space.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

namespace assay {
namespace {

TEST_CASE("File lock: many share it, one has it alone") {
  test::TempDir directory;
  const auto path = directory / "lock";
  {
    const auto one = FileLock::try_take(path, FileLock::Mode::shared);
    const auto two = FileLock::try_take(path, FileLock::Mode::shared);
    CHECK(one);
    CHECK(two);
    CHECK_FALSE(FileLock::try_take(path, FileLock::Mode::exclusive));
  }
  const auto alone = FileLock::try_take(path, FileLock::Mode::exclusive);
  CHECK(alone);
  CHECK_FALSE(FileLock::try_take(path, FileLock::Mode::shared));
  CHECK_THROWS_AS(FileLock::try_take(directory / "none/lock", FileLock::Mode::shared), Error);
}

TEST_CASE("Disk gauge: a disk has room, and a directory that is not there has none to ask for") {
  test::TempDir directory;
  const DiskSpace space = DirectoryGauge(directory.path()).look();
  CHECK(space.total > 0);
  CHECK(space.available <= space.total);
  CHECK_THROWS_AS(DirectoryGauge(directory / "none").look(), Error);
}

TEST_CASE("Byte sizes: a number and a unit, and nothing else") {
  CHECK(parse_byte_size("0") == 0);
  CHECK(parse_byte_size("4096") == 4096);
  CHECK(parse_byte_size("10GiB") == 10 * kGiB);
  CHECK(parse_byte_size("1.5 TiB") == kTiB + kTiB / 2);
  CHECK(parse_byte_size("50MB") == 50'000'000);
  CHECK(parse_byte_size("15kB") == 15'000);
  for (const char* bad :
       {"", "GiB", "-1", "1e3", "10gib", "10 Gi B", "1..5", "0x10", "5000000TiB", "nan", "1 GiB "})
    CHECK_THROWS_AS(parse_byte_size(bad), Error);
}

}  // namespace
}  // namespace assay
