// SPDX-License-Identifier: Apache-2.0
#include "registry/cli/whole_number.h"

#include <fmt/format.h>

#include <charconv>
#include <string>

#include "registry/domain/utf8.h"

namespace assay::cli {

CLI::Validator whole_number(std::uint64_t least, std::uint64_t most) {
  const bool bounded = most < std::numeric_limits<std::int64_t>::max();
  const std::string range = bounded ? fmt::format("from {} to {}", least, most) : fmt::format("from {}", least);
  const auto refusal = [least, most, range](std::string& text) -> std::string {
    std::uint64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error == std::errc() && stop == end && value >= least && value <= most) return "";
    return fmt::format("\"{}\" is not a whole number {}", beginning(text), range);
  };
  return CLI::Validator(refusal, range);
}

}  // namespace assay::cli
