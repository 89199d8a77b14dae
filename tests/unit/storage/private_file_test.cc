// SPDX-License-Identifier: Apache-2.0
#include "storage/env/private_file.h"

#include <sys/stat.h>

#include <fstream>

#include "storage/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

using namespace assay;
using namespace assay::test;

TEST_CASE("Private file: is for its owner's eyes only, and replaced at once") {
  const TempDir directory;
  const auto path = directory / "secret";
  CHECK(read_private_file(path) == std::nullopt);
  for (const std::string bytes : {"one", "", "a longer one\n"}) {
    write_private_file(path, bytes);
    CHECK(read_private_file(path) == bytes);
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    CHECK_FALSE(std::filesystem::exists(path.string() + ".tmp"));
  }
}

TEST_CASE("Private file: a write that was cut short leaves what was there, and is no obstacle to the next") {
  const TempDir directory;
  const auto path = directory / "secret";
  write_private_file(path, "old");
  std::ofstream(path.string() + ".tmp") << "half of the ne";
  CHECK(read_private_file(path) == "old");
  write_private_file(path, "new");
  CHECK(read_private_file(path) == "new");
}

TEST_CASE("Private file: one that is too large or cannot be written is an error") {
  const TempDir directory;
  const auto path = directory / "secret";
  write_private_file(path, std::string(kMaxPrivateBytes, 'x'));
  CHECK(read_private_file(path)->size() == kMaxPrivateBytes);
  std::ofstream(path, std::ios::app) << 'x';
  CHECK_THROWS_AS(read_private_file(path), Error);
  CHECK_THROWS_AS(write_private_file(directory / "none" / "secret", "x"), Error);
  std::filesystem::create_directory(directory / "folder");
  CHECK_THROWS_AS(write_private_file(directory / "folder", "x"), Error);
}
