// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/utf8.h"

#include <string>

#include "registry/domain/run.h"
#include "storage/base/error.h"
#include "tests/support/catch.h"

using namespace assay;

namespace {

bool well_formed(std::string_view text) {
  while (!text.empty())
    if (!take_code_point(text)) return false;
  return true;
}

}  // namespace

TEST_CASE("UTF-8: only the shortest form of what Unicode has is read") {
  const auto reads = [](std::string_view text) { return take_code_point(text); };
  CHECK(reads("A") == 0x41);
  CHECK(reads("\xC3\xBC") == 0xFC);
  CHECK(reads("\xEF\xBF\xBD") == 0xFFFD);
  CHECK(reads("\xF4\x8F\xBF\xBF") == 0x10FFFF);
  for (const char* bad : {"\x80", "\xC0\xAF", "\xC1\xBF", "\xE0\x80\xAF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xED\xBF\xBF",
                          "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "\xC3", "\xE2\x82", "\xC3\x28", "\xFF"})
    CHECK_FALSE(reads(bad));
}

TEST_CASE("UTF-8: a quoted beginning is at most so long and never ends inside a character") {
  CHECK(beginning("abc", 3) == "abc");
  CHECK(beginning("abcd", 3) == "abc");
  CHECK(beginning("", 3).empty());
  for (const std::string character : {"x", "\xC3\xBC", "\xE2\x82\xAC", "\xF0\x9F\x90\x8B"})
    for (std::size_t before = 0; before < 4; ++before) {
      std::string text(before, '-');
      while (text.size() < 20) text += character;
      for (std::size_t bytes = 0; bytes <= text.size(); ++bytes) {
        const std::string_view cut = beginning(text, bytes);
        INFO(text << " to " << bytes);
        CHECK(text.starts_with(cut));
        CHECK(well_formed(cut));
        CHECK(cut.size() <= bytes);
        CHECK(bytes - cut.size() < character.size());
      }
    }
}

TEST_CASE("UTF-8: what is no text is cut near its limit all the same") {
  CHECK(beginning(std::string(100, '\x80')).size() >= 61);
  CHECK(beginning(std::string(2, '\x80'), 1).empty());
}

TEST_CASE("Words: an unknown one is quoted up to a whole character, with those that may stand there") {
  std::string wrong(63, 'x');
  wrong += "\xE2\x82\xAC\xE2\x82\xAC";
  try {
    parse_run_kind(wrong, "kind");
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.code() == Code::invalid_argument);
    CHECK(well_formed(error.message()));
    CHECK(error.message().find("kind is \"" + std::string(63, 'x') + "\", which is none of: ") == 0);
  }
}
