// SPDX-License-Identifier: Apache-2.0
// One context's tokens as sections. Huffman's codes are whole bits, so tokens that say less than that are put
// together first: two in a byte where small ones are frequent, the gaps between those that are not zero where
// nearly all are. CODECS.md, "Tokens".
#pragma once

#include <cstddef>
#include <span>

#include "storage/blob/section.h"

namespace assay {

// `packed` and `others` are room for as many bytes as there are tokens.
void put_tokens(SectionWriter& writer, std::span<const std::byte> tokens, std::span<std::byte> packed,
                std::span<std::byte> others);
// Fills the front of `tokens` and returns how many there were. `packed` and `others` are as long as `tokens`.
// Throws corrupt.
std::size_t take_tokens(SectionReader& reader, std::span<std::byte> tokens, std::span<std::byte> packed,
                        std::span<std::byte> others);

}  // namespace assay
