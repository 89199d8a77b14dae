// SPDX-License-Identifier: Apache-2.0
// CRC-32C (Castagnoli; RFC 3720 appendix B.4): tells rot in stored bytes without decoding them. Not a digest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace assay {

// crc32c("123456789") is 0xE3069283.
std::uint32_t crc32c(std::span<const std::byte> bytes);
// The same without the CPU's instruction for it, which the above uses where there is one.
std::uint32_t crc32c_by_table(std::span<const std::byte> bytes);

}  // namespace assay
