// SPDX-License-Identifier: Apache-2.0
// Sizes in bytes: the units, and how people read them.
#pragma once

#include <cstdint>
#include <string>

namespace assay {

inline constexpr std::uint64_t kKiB = 1024;
inline constexpr std::uint64_t kMiB = 1024 * kKiB;
inline constexpr std::uint64_t kGiB = 1024 * kMiB;
inline constexpr std::uint64_t kTiB = 1024 * kGiB;

// "0 B", "1023 B", "1.0 KiB", "27.4 MiB": one decimal, rounded to nearest, the largest unit that is not
// above.
std::string byte_size_text(std::uint64_t bytes);

}  // namespace assay
