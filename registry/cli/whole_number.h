// SPDX-License-Identifier: Apache-2.0
// What an option takes that counts something.
#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <limits>

namespace assay::cli {

// Takes decimal digits that say a number from `least` to `most`; of anything else it says in one line what was given and
// what is taken. CLI11's own checks compare as floating point: they take 1.5, and name the largest double in their message.
CLI::Validator whole_number(std::uint64_t least, std::uint64_t most = std::numeric_limits<std::int64_t>::max());

}  // namespace assay::cli
