// SPDX-License-Identifier: Apache-2.0
// The compression function of SHA-256 (FIPS 180-4, 6.2.2) with the CPU's SHA instructions, for one message
// and for two at once: one round waits for the last, so a second message fills the gaps. On Sapphire Rapids
// SHA256RNDS2 takes 4 cycles, and one begins every 3: two messages cost at least 1.5 times one. They are
// within a few percent of that, so a schedule by other vector instructions gains nothing there. On Zen 3 one
// begins every other cycle, and two messages cost 1.1 times one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace assay {

using Sha256State = std::array<std::uint32_t, 8>;
inline constexpr std::size_t kSha256Block = 64;
inline constexpr Sha256State kSha256Start = {0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A,
                                             0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19};

// Only where Cpu::here().sha. Each message has `blocks` blocks of 64 bytes.
void sha256_blocks(Sha256State& state, const std::byte* message, std::size_t blocks);
void sha256_blocks(Sha256State& first, const std::byte* first_message, Sha256State& second,
                   const std::byte* second_message, std::size_t blocks);

}  // namespace assay
