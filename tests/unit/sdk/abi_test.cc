// SPDX-License-Identifier: Apache-2.0
// The C header from C++: what ASSAY_HAS says, and that the registry's table of codes uses the plugin's
// numbers.
#include "assay/abi.h"

#include "storage/base/error.h"
#include "tests/support/catch.h"

extern "C" int assay_header_test_has_log(const assay_call* call);

namespace assay::test {

TEST_CASE("ABI: ASSAY_HAS is true exactly when the whole field fits") {
  assay_call call{};
  for (call.struct_size = 0; call.struct_size < 120; ++call.struct_size) {
    CHECK(ASSAY_HAS(&call, log) == (call.struct_size >= 80));
    CHECK((assay_header_test_has_log(&call) != 0) == ASSAY_HAS(&call, log));
  }
}

TEST_CASE("ABI: the registry's error table answers with statuses of the contract") {
  const auto status = [](Code code) { return info(code).abi_status; };
  CHECK(status(Code::invalid_argument) == ASSAY_E_INVALID_ARGUMENT);
  CHECK(status(Code::not_found) == ASSAY_E_NOT_FOUND);
  CHECK(status(Code::unsupported) == ASSAY_E_UNSUPPORTED);
  CHECK(status(Code::corrupt) == ASSAY_E_CORRUPT_ARTIFACT);
  CHECK(status(Code::cancelled) == ASSAY_E_CANCELLED);
  CHECK(status(Code::deadline) == ASSAY_E_DEADLINE);
  CHECK(status(Code::denied) == ASSAY_E_DENIED);
  CHECK(status(Code::internal) == ASSAY_E_INTERNAL);
}

}  // namespace assay::test
