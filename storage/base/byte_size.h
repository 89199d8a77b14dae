// SPDX-License-Identifier: Apache-2.0
// Sizes in bytes: the units, and how people read them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace assay {

inline constexpr std::uint64_t kKiB = 1024;
inline constexpr std::uint64_t kMiB = 1024 * kKiB;
inline constexpr std::uint64_t kGiB = 1024 * kMiB;
inline constexpr std::uint64_t kTiB = 1024 * kGiB;

// "0 B", "1023 B", "1.0 KiB", "27.4 MiB": one decimal, rounded to nearest, the largest unit that is not
// above.
std::string byte_size_text(std::uint64_t bytes);

// A number and a unit: 10GiB, 1.5 TiB, 50MB, 4096. Binary units are KiB to TiB, decimal ones kB to TB;
// without one it is bytes. Throws invalid_argument, listing them, and for what is negative or beyond 2^62.
std::uint64_t parse_byte_size(std::string_view text);

}  // namespace assay
