// SPDX-License-Identifier: Apache-2.0
// Each float type's key and order, and the tokens of a zigzag difference: what CODECS.md, "difference",
// defines one element at a time. Only for difference_split.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <type_traits>

namespace assay {

struct F16 {
  using Word = std::uint16_t;
  static std::uint8_t key(Word word) { return static_cast<std::uint8_t>(word >> 10 & 0x1F); }
};

struct Bf16 {
  using Word = std::uint16_t;
  static std::uint8_t key(Word word) { return static_cast<std::uint8_t>(word >> 7 & 0xFF); }
};

struct F32 {
  using Word = std::uint32_t;
  static std::uint8_t key(Word word) { return static_cast<std::uint8_t>(word >> 23 & 0xFF); }
};

struct F64 {
  using Word = std::uint64_t;
  // The exponent as an f32 would hold it.
  static std::uint8_t key(Word word) {
    const auto exponent = static_cast<int>(word >> 52 & 0x7FF);
    return static_cast<std::uint8_t>(std::clamp(exponent - 896, 0, 255));
  }
};

template <typename Word>
struct Zigzag {
  using Signed = std::make_signed_t<Word>;
  static constexpr unsigned kWordBits = 8 * sizeof(Word);
  static constexpr unsigned kSubBits = sizeof(Word) == 8 ? 2 : 3;  // of a token, below the leading one
  static constexpr unsigned kMaxExtra = kWordBits - 1 - kSubBits;
  static constexpr unsigned kMaxToken = (kMaxExtra << kSubBits) + (2U << kSubBits) - 1;

  // Integers in the order of the floats, -0 just below +0, NaNs at the ends.
  static Word ordered(Word bits) {
    constexpr Word kSign = Word{1} << (kWordBits - 1);
    return static_cast<Word>((bits & kSign) != 0 ? ~bits : bits | kSign);
  }
  static Word unordered(Word order) {
    constexpr Word kSign = Word{1} << (kWordBits - 1);
    return static_cast<Word>((order & kSign) != 0 ? order & static_cast<Word>(~kSign) : ~order);
  }

  static Word of(Word bits, Word parent) {
    const auto difference = static_cast<Word>(ordered(bits) - ordered(parent));
    const auto sign = static_cast<Word>(static_cast<Signed>(difference) >> (kWordBits - 1));
    return static_cast<Word>(static_cast<Word>(difference << 1) ^ sign);
  }
  static Word apply(Word zigzag, Word parent) {
    const auto sign = static_cast<Word>(0 - (zigzag & 1));
    const auto difference = static_cast<Word>(static_cast<Word>(zigzag >> 1) ^ sign);
    return unordered(static_cast<Word>(ordered(parent) + difference));
  }

  // How many low bits the token leaves out.
  static unsigned extra_bits(Word zigzag) {
    const auto length = static_cast<unsigned>(std::bit_width(zigzag));
    return length > kSubBits + 1 ? length - 1 - kSubBits : 0;
  }
  static std::uint8_t token(Word zigzag, unsigned extra) {
    return static_cast<std::uint8_t>((extra << kSubBits) + static_cast<unsigned>(zigzag >> extra));
  }
  static unsigned extra_bits_of_token(unsigned token) {
    return token < (2U << kSubBits) ? 0 : (token >> kSubBits) - 1;
  }
};

}  // namespace assay
