// SPDX-License-Identifier: Apache-2.0
#include "registry/cli/collect_files.h"

#include <fstream>

#include "storage/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;

struct Folder {
  Folder() {
    fs::create_directories(dir / "sub");
    std::ofstream(dir / "b.bin") << "b";
    std::ofstream(dir / "sub/a.bin") << "a";
    std::ofstream(dir / ".hidden") << "h";
  }
  test::TempDir dir;
};

TEST_CASE("Files: a directory gives all it holds by relative path, sorted, hidden files included") {
  Folder folder;
  std::vector<std::string> paths;
  for (const CollectedFile& file : collect_files({folder.dir.path()})) paths.push_back(file.path.text());
  CHECK(paths == std::vector<std::string>{".hidden", "b.bin", "sub/a.bin"});
}

TEST_CASE("Files: a file keeps its last name") {
  Folder folder;
  const auto files = collect_files({folder.dir / "sub/a.bin"});
  REQUIRE(files.size() == 1);
  CHECK(files[0].path.text() == "a.bin");
  CHECK(files[0].file.digest == Digest::of("a"));
}

TEST_CASE("Files: a link in a directory is refused, not skipped") {
  Folder folder;
  fs::create_symlink("/etc/passwd", folder.dir / "link");
  CHECK_THROWS_AS(collect_files({folder.dir.path()}), Error);
}

TEST_CASE("Files: two of one name are refused") {
  Folder folder;
  std::ofstream(folder.dir / "sub/b.bin") << "other";
  CHECK_THROWS_AS(collect_files({folder.dir / "b.bin", folder.dir / "sub/b.bin"}), Error);
}

TEST_CASE("Files: an empty directory and a missing file are refused") {
  Folder folder;
  fs::create_directories(folder.dir / "none");
  CHECK_THROWS_AS(collect_files({folder.dir / "none"}), Error);
  CHECK_THROWS_AS(collect_files({folder.dir / "missing"}), Error);
}

}  // namespace
}  // namespace assay::cli
