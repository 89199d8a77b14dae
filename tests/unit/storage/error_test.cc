// SPDX-License-Identifier: Apache-2.0
#include "storage/base/error.h"

#include <cerrno>
#include <map>
#include <set>

#include "assay/abi.h"
#include "tests/support/catch.h"

namespace assay {
namespace {

struct Row {
  Code code;
  const char* name;
  int http_status;
  int exit_code;
  int abi_status;
};

const Row kExpected[] = {
    {Code::invalid_argument, "invalid_argument", 400, 60, ASSAY_E_INVALID_ARGUMENT},
    {Code::not_found, "not_found", 404, 60, ASSAY_E_NOT_FOUND},
    {Code::already_exists, "already_exists", 409, 60, ASSAY_E_INVALID_ARGUMENT},
    {Code::conflict, "conflict", 412, 30, ASSAY_E_INVALID_ARGUMENT},
    {Code::unauthenticated, "unauthenticated", 401, 50, ASSAY_E_DENIED},
    {Code::denied, "denied", 403, 50, ASSAY_E_DENIED},
    {Code::too_large, "too_large", 413, 60, ASSAY_E_OUT_OF_MEMORY},
    {Code::full, "full", 507, 70, ASSAY_E_IO},
    {Code::unsupported, "unsupported", 422, 60, ASSAY_E_UNSUPPORTED},
    {Code::corrupt, "corrupt", 500, 40, ASSAY_E_CORRUPT_ARTIFACT},
    {Code::unavailable, "unavailable", 503, 70, ASSAY_E_IO},
    {Code::deadline, "deadline", 504, 70, ASSAY_E_DEADLINE},
    {Code::cancelled, "cancelled", 499, 70, ASSAY_E_CANCELLED},
    {Code::internal, "internal", 500, 70, ASSAY_E_INTERNAL},
};

TEST_CASE("Error: every code has the promised name, HTTP status, exit code and plugin status") {
  for (const Row& row : kExpected) {
    CAPTURE(row.name);
    const CodeInfo& actual = info(row.code);
    CHECK(actual.code == row.code);
    CHECK(actual.name == row.name);
    CHECK_FALSE(actual.title.empty());
    CHECK(actual.http_status == row.http_status);
    CHECK(actual.exit_code == row.exit_code);
    CHECK(actual.abi_status == row.abi_status);
  }
}

TEST_CASE("Error: the table in this test misses no code") {
  std::set<Code> seen;
  for (const Row& row : kExpected) seen.insert(row.code);
  CHECK(seen.size() == static_cast<std::size_t>(Code::internal) + 1);
}

TEST_CASE("Error: a name leads back to its code, another word to none") {
  for (const Row& row : kExpected) CHECK(code_from_name(row.name) == row.code);
  CHECK_FALSE(code_from_name("Not_Found").has_value());
  CHECK_FALSE(code_from_name("").has_value());
}

TEST_CASE("Error: a failed system call becomes the code that says what to do") {
  const std::map<int, Code> expected = {{ENOSPC, Code::full},      {EDQUOT, Code::full},
                                        {EACCES, Code::denied},    {EPERM, Code::denied},
                                        {ENOENT, Code::not_found}, {EEXIST, Code::already_exists},
                                        {EIO, Code::unavailable},  {EMFILE, Code::unavailable}};
  for (const auto& [number, code] : expected) CHECK(system_error("Opening x", number).code() == code);
  CHECK(system_error("Opening x", ENOENT).message() == "Opening x: No such file or directory");
}

}  // namespace
}  // namespace assay
