// SPDX-License-Identifier: Apache-2.0
#include "storage/env/files.h"

#include <sys/stat.h>

#include <fstream>
#include <functional>

#include "storage/base/error.h"
#include "tests/support/bytes.h"
#include "tests/support/catch.h"
#include "tests/support/simulated_disk.h"
#include "tests/support/temp_dir.h"

namespace assay {
namespace {

using test::as_span;

struct RealFiles {
  test::TempDir directory;
  std::unique_ptr<Files> owned = open_files(directory / "tree");
  Files& files = *owned;
};

struct SimulatedFiles {
  test::SimulatedDisk files;
};

Code code_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code();
  }
  FAIL("nothing was thrown");
  return Code::internal;
}

TEMPLATE_TEST_CASE("Files: bytes appended are read back from any offset", "", RealFiles, SimulatedFiles) {
  TestType tree;
  const auto file = tree.files.create("a");
  file->append(as_span("hello "));
  file->append(as_span("world"));
  file->sync();
  CHECK(file->size() == 11);
  std::string text(20, '\0');
  const auto reopened = tree.files.open("a");
  text.resize(reopened->read_at(6, std::as_writable_bytes(std::span(text))));
  CHECK(text == "world");
  CHECK(reopened->read_at(11, std::as_writable_bytes(std::span(text))) == 0);
}

TEMPLATE_TEST_CASE("Files: creating or renaming never replaces", "", RealFiles, SimulatedFiles) {
  TestType tree;
  tree.files.create("a")->append(as_span("a"));
  tree.files.create("b")->append(as_span("bb"));
  CHECK(code_of([&] { tree.files.create("a"); }) == Code::already_exists);
  CHECK_FALSE(tree.files.rename_new("a", "b"));
  CHECK(tree.files.open("b")->size() == 2);
  CHECK(tree.files.rename_new("a", "c"));
  CHECK(tree.files.list("") ==
        std::vector<FileEntry>{{"b", FileEntry::Kind::file}, {"c", FileEntry::Kind::file}});
}

TEMPLATE_TEST_CASE("Files: directories are made once and hold files", "", RealFiles, SimulatedFiles) {
  TestType tree;
  CHECK(tree.files.make_directory("d"));
  CHECK_FALSE(tree.files.make_directory("d"));
  tree.files.create("d/x")->append(as_span("x"));
  tree.files.open_directory("d")->sync();
  CHECK(tree.files.list("d").size() == 1);
  tree.files.remove("d/x");
  CHECK(tree.files.list("d").empty());
}

TEMPLATE_TEST_CASE("Files: what is missing is not found", "", RealFiles, SimulatedFiles) {
  TestType tree;
  CHECK(code_of([&] { tree.files.open("a"); }) == Code::not_found);
  CHECK(code_of([&] { tree.files.open("d/a"); }) == Code::not_found);
  CHECK(code_of([&] { tree.files.remove("a"); }) == Code::not_found);
  CHECK(code_of([&] { tree.files.list("d"); }) == Code::not_found);
  CHECK(code_of([&] { tree.files.open_directory("d"); }) == Code::not_found);
}

TEST_CASE("Files: a path that could leave the tree is refused") {
  RealFiles tree;
  for (const std::string path : {"..", "../a", "/etc/passwd", "a/../../b", "a//b", "./a", "a/", "a/."}) {
    CAPTURE(path);
    CHECK(code_of([&] { tree.files.open(path); }) == Code::internal);
    CHECK(code_of([&] { tree.files.create(path); }) == Code::internal);
    CHECK(code_of([&] { tree.files.remove(path); }) == Code::internal);
  }
}

TEST_CASE("Files: no symbolic link is followed, in the middle or at the end") {
  RealFiles tree;
  const auto root = tree.directory / "tree";
  std::filesystem::create_directory(tree.directory / "outside");
  std::ofstream(tree.directory / "outside/secret") << "secret";
  std::filesystem::create_symlink(tree.directory / "outside", root / "door");
  std::filesystem::create_symlink(tree.directory / "outside/secret", root / "file");
  CHECK_THROWS_AS(tree.files.open("file"), Error);
  CHECK_THROWS_AS(tree.files.open("door/secret"), Error);
  CHECK_THROWS_AS(tree.files.create("door/new"), Error);
  CHECK_THROWS_AS(tree.files.remove("door/secret"), Error);
  CHECK_THROWS_AS(tree.files.list("door"), Error);
  CHECK(tree.files.list("")[0] == FileEntry{"door", FileEntry::Kind::other});
  CHECK(std::filesystem::exists(tree.directory / "outside/secret"));
}

TEST_CASE("Files: what is not a regular file does not open, a pipe does not hang") {
  RealFiles tree;
  tree.files.make_directory("d");
  REQUIRE(::mkfifo((tree.directory / "tree/pipe").c_str(), 0600) == 0);
  CHECK_THROWS_AS(tree.files.open("d"), Error);
  CHECK_THROWS_AS(tree.files.open("pipe"), Error);
}

TEST_CASE("Files: an existing tree is needed where none may be made") {
  test::TempDir directory;
  CHECK(code_of([&] { open_existing_files(directory / "none"); }) == Code::not_found);
  CHECK_FALSE(std::filesystem::exists(directory / "none"));
}

}  // namespace
}  // namespace assay
