// SPDX-License-Identifier: Apache-2.0
// One context's tokens as a section. Where most are small, two or four share a byte, so that Huffman's whole
// bits are spent on several tokens at once; the few that do not fit follow in a section of their own.
// CODECS.md, "Tokens".
#pragma once

#include <cstddef>
#include <span>

#include "storage/blob/section.h"

namespace assay {

// `packed` and `escapes` are room for as many bytes as there are tokens.
void put_tokens(SectionWriter& writer, std::span<const std::byte> tokens, std::span<std::byte> packed,
                std::span<std::byte> escapes);
// Fills the front of `tokens` and returns how many there were. `packed` and `escapes` are as long as
// `tokens`. Throws corrupt.
std::size_t take_tokens(SectionReader& reader, std::span<std::byte> tokens, std::span<std::byte> packed,
                        std::span<std::byte> escapes);

}  // namespace assay
