// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/file_path.h"

#include "storage/base/error.h"
#include "tests/support/catch.h"

using namespace assay;

TEST_CASE("File path: relative paths with names in any language are taken") {
  for (const char* text : {"a", "model/weights.bin", "a b/c", "...", "a..b", ".hidden", "größe/模型.bin"})
    CHECK(FilePath::parse(text).text() == text);
}

TEST_CASE("File path: whatever could leave the folder, or hide, is refused") {
  for (const char* text : {"",
                           "/",
                           "/etc/passwd",
                           "..",
                           "../a",
                           "a/..",
                           "a/../b",
                           "./a",
                           "a/.",
                           "a//b",
                           "a/",
                           "a\\b",
                           "..\\a",
                           "a\nb",
                           "a\x1b",
                           "\x7f",
                           "a\u202e",
                           "a\u200f",
                           "a\ufeff",
                           "\u0085",
                           "\xff",
                           "\xc0\xae\xc0\xae/a",
                           "\xed\xa0\x80"})
    CHECK_THROWS_AS(FilePath::parse(text), Error);
  CHECK_THROWS_AS(FilePath::parse(std::string("a\0b", 3)), Error);
}

TEST_CASE("File path: lengths are taken at the limit and refused one past it") {
  const std::string part(255, 'x');
  CHECK(FilePath::parse(part).text().size() == 255);
  CHECK_THROWS_AS(FilePath::parse(part + "x"), Error);
  const std::string whole = part + "/" + part + "/" + part + "/" + part + "/";  // 1024 with the last slash
  CHECK(FilePath::parse(whole.substr(0, 1021) + "/yy").text().size() == 1024);
  CHECK_THROWS_AS(FilePath::parse(whole.substr(0, 1021) + "/yyy"), Error);
}

TEST_CASE("File path: the extension is that of the last part") {
  CHECK(FilePath::parse("a.b/c.JSON").extension() == "JSON");
  CHECK(FilePath::parse("a.b/c").extension().empty());
  CHECK(FilePath::parse(".hidden").extension().empty());
}
