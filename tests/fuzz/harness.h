// SPDX-License-Identifier: Apache-2.0
// What a fuzz harness defines, once in a file of its own: libFuzzer calls it (run.sh), and so does the driver
// of the ordinary suite.
#pragma once

#include <cstddef>
#include <cstdint>

// Returns 0. Aborts, or is caught by a sanitizer, when a promise is broken; an exception that leaves it
// counts as that.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
