// SPDX-License-Identifier: Apache-2.0
// 64 elements, and the 64 numbers that are their zigzag differences, in vectors: those of two bytes as 16-bit
// lanes, those of four as 32-bit lanes. Keys, tokens and what belongs to a token are one vector of bytes.
// Only for difference_split_avx512.
#pragma once

#if defined(__x86_64__)
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "storage/blob/difference_element.h"

#define ASSAY_AVX512 \
  __attribute__((    \
      target("avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx512vbmi,avx512vbmi2,bmi,bmi2,popcnt")))
#define ASSAY_INLINE ASSAY_AVX512 __attribute__((always_inline)) inline

namespace assay {

// What the streams hold of 64 numbers, a byte for each.
struct TokenVectors {
  __m512i tokens;
  __m512i extra;  // how many bits the token leaves out
  __m512i rest;   // the number without its whole extra bytes, its low byte
};

ASSAY_INLINE __m512i at_most_seven(__m512i extra) {
  return _mm512_and_si512(extra, _mm512_set1_epi8(7));
}

// 64 numbers of 16 bits.
template <unsigned kSubBits>
struct HalfwordNumbers {
  static constexpr std::size_t kExtraBytes = 1;
  __m512i words[2];
  __m512i low;  // their low bytes, once there are tokens

  // The bytes that the words of both vectors hold; no word is above 255.
  ASSAY_INLINE static __m512i narrow(__m512i first, __m512i second) {
    const __m512i mixed = _mm512_packus_epi16(first, second);
    return _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), mixed);
  }
  ASSAY_INLINE static __m512i widen(__m512i bytes, int half) {
    return _mm512_cvtepu8_epi16(half == 0 ? _mm512_castsi512_si256(bytes)
                                          : _mm512_extracti64x4_epi64(bytes, 1));
  }
  // How many bits each byte needs, from its two halves.
  ASSAY_INLINE static __m512i bit_width(__m512i bytes) {
    const __m512i low_table =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4));
    const __m512i high_table =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 5, 6, 6, 7, 7, 7, 7, 8, 8, 8, 8, 8, 8, 8, 8));
    const __m512i nibble = _mm512_set1_epi8(15);
    return _mm512_max_epu8(
        _mm512_shuffle_epi8(low_table, _mm512_and_si512(bytes, nibble)),
        _mm512_shuffle_epi8(high_table, _mm512_and_si512(_mm512_srli_epi16(bytes, 4), nibble)));
  }

  ASSAY_INLINE TokenVectors tokens() {
    const __m512i low_byte = _mm512_set1_epi16(0xFF);
    low = narrow(_mm512_and_si512(words[0], low_byte), _mm512_and_si512(words[1], low_byte));
    const __m512i high = narrow(_mm512_srli_epi16(words[0], 8), _mm512_srli_epi16(words[1], 8));
    const __mmask64 wide = _mm512_test_epi8_mask(high, high);
    const __m512i leading = bit_width(_mm512_mask_mov_epi8(low, wide, high));
    const __m512i width = _mm512_mask_add_epi8(leading, wide, leading, _mm512_set1_epi8(8));
    const __m512i extra = _mm512_subs_epu8(width, _mm512_set1_epi8(kSubBits + 1));
    const __m512i top =
        narrow(_mm512_srlv_epi16(words[0], widen(extra, 0)), _mm512_srlv_epi16(words[1], widen(extra, 1)));
    const __mmask64 whole = _mm512_cmpge_epu8_mask(extra, _mm512_set1_epi8(8));
    return {_mm512_add_epi8(_mm512_slli_epi16(extra, kSubBits), top), extra,
            _mm512_mask_mov_epi8(low, whole, high)};
  }
  ASSAY_INLINE __m512i extra_byte(std::size_t) const { return low; }

  ASSAY_INLINE static HalfwordNumbers from_tokens(__m512i tokens, __m512i extra) {
    const __m512i top = _mm512_sub_epi8(tokens, _mm512_slli_epi16(extra, kSubBits));
    HalfwordNumbers numbers;
    for (int i = 0; i < 2; ++i) numbers.words[i] = _mm512_sllv_epi16(widen(top, i), widen(extra, i));
    return numbers;
  }
  ASSAY_INLINE void add_extra_byte(std::size_t, __m512i bytes) {
    for (int i = 0; i < 2; ++i) words[i] = _mm512_or_si512(words[i], widen(bytes, i));
  }
  // `whole` says where an extra byte lies below.
  ASSAY_INLINE void add_rest(__m512i rest, __m512i, __mmask64 whole) {
    for (int i = 0; i < 2; ++i) {
      const __m512i wide = widen(rest, i);
      const auto mask = static_cast<__mmask32>(whole >> (32 * i));
      words[i] = _mm512_or_si512(words[i], _mm512_mask_slli_epi16(wide, mask, wide, 8));
    }
  }
};

// 64 numbers of 32 bits.
template <unsigned kSubBits>
struct WordNumbers {
  static constexpr std::size_t kExtraBytes = 3;
  __m512i words[4];

  // The low bytes of 64 words.
  ASSAY_INLINE static __m512i narrow(const __m512i (&lanes)[4]) {
    const __m256i low = _mm256_set_m128i(_mm512_cvtepi32_epi8(lanes[1]), _mm512_cvtepi32_epi8(lanes[0]));
    const __m256i high = _mm256_set_m128i(_mm512_cvtepi32_epi8(lanes[3]), _mm512_cvtepi32_epi8(lanes[2]));
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
  }
  ASSAY_INLINE static __m512i widen(__m512i bytes, int quarter) {
    switch (quarter) {
      case 0:
        return _mm512_cvtepu8_epi32(_mm512_castsi512_si128(bytes));
      case 1:
        return _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(bytes, 1));
      case 2:
        return _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(bytes, 2));
      default:
        return _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(bytes, 3));
    }
  }

  ASSAY_INLINE TokenVectors tokens() {
    __m512i lanes[3][4];
    for (int i = 0; i < 4; ++i) {
      const __m512i extra =
          _mm512_max_epi32(_mm512_setzero_si512(),
                           _mm512_sub_epi32(_mm512_set1_epi32(31 - kSubBits), _mm512_lzcnt_epi32(words[i])));
      lanes[0][i] = _mm512_add_epi32(_mm512_slli_epi32(extra, kSubBits), _mm512_srlv_epi32(words[i], extra));
      lanes[1][i] = extra;
      lanes[2][i] = _mm512_srlv_epi32(words[i], _mm512_and_si512(extra, _mm512_set1_epi32(24)));
    }
    return {narrow(lanes[0]), narrow(lanes[1]), narrow(lanes[2])};
  }
  ASSAY_INLINE __m512i extra_byte(std::size_t byte) const {
    __m512i shifted[4];
    for (int i = 0; i < 4; ++i) shifted[i] = _mm512_srli_epi32(words[i], static_cast<unsigned>(8 * byte));
    return narrow(shifted);
  }

  ASSAY_INLINE static WordNumbers from_tokens(__m512i tokens, __m512i extra) {
    WordNumbers numbers;
    for (int i = 0; i < 4; ++i) {
      const __m512i wide = widen(extra, i);
      numbers.words[i] =
          _mm512_sllv_epi32(_mm512_sub_epi32(widen(tokens, i), _mm512_slli_epi32(wide, kSubBits)), wide);
    }
    return numbers;
  }
  ASSAY_INLINE void add_extra_byte(std::size_t byte, __m512i bytes) {
    for (int i = 0; i < 4; ++i)
      words[i] =
          _mm512_or_si512(words[i], _mm512_slli_epi32(widen(bytes, i), static_cast<unsigned>(8 * byte)));
  }
  ASSAY_INLINE void add_rest(__m512i rest, __m512i extra, __mmask64) {
    for (int i = 0; i < 4; ++i) {
      const __m512i shift = _mm512_and_si512(widen(extra, i), _mm512_set1_epi32(24));
      words[i] = _mm512_or_si512(words[i], _mm512_sllv_epi32(widen(rest, i), shift));
    }
  }
};

// Elements of two bytes: two vectors of 32.
template <int kKeyShift, int kKeyMask>
struct Halfwords {
  using Word = std::uint16_t;
  using Numbers = HalfwordNumbers<Zigzag<Word>::kSubBits>;
  __m512i vector[2];

  ASSAY_INLINE explicit Halfwords(const std::byte* elements)
      : vector{_mm512_loadu_si512(elements), _mm512_loadu_si512(elements + 64)} {}

  ASSAY_INLINE __m512i keys() const {
    const __m512i mask = _mm512_set1_epi16(kKeyMask);
    return Numbers::narrow(_mm512_and_si512(_mm512_srli_epi16(vector[0], kKeyShift), mask),
                           _mm512_and_si512(_mm512_srli_epi16(vector[1], kKeyShift), mask));
  }
  ASSAY_INLINE static __m512i ordered(__m512i bits) {
    const __m512i sign = _mm512_srai_epi16(bits, 15);
    return _mm512_xor_si512(bits, _mm512_or_si512(sign, _mm512_set1_epi16(-0x8000)));
  }
  ASSAY_INLINE static __m512i unordered(__m512i order) {
    const __m512i sign = _mm512_and_si512(_mm512_srai_epi16(order, 15), _mm512_set1_epi16(0x7FFF));
    return _mm512_xor_si512(_mm512_xor_si512(order, sign), _mm512_set1_epi16(-1));
  }
  ASSAY_INLINE Numbers zigzag(const Halfwords& parent) const {
    Numbers numbers;
    for (int i = 0; i < 2; ++i) {
      const __m512i difference = _mm512_sub_epi16(ordered(vector[i]), ordered(parent.vector[i]));
      numbers.words[i] =
          _mm512_xor_si512(_mm512_slli_epi16(difference, 1), _mm512_srai_epi16(difference, 15));
    }
    return numbers;
  }
  ASSAY_INLINE void apply(const Numbers& numbers, std::byte* elements) const {
    for (int i = 0; i < 2; ++i) {
      const __m512i zigzag = numbers.words[i];
      const __m512i sign =
          _mm512_sub_epi16(_mm512_setzero_si512(), _mm512_and_si512(zigzag, _mm512_set1_epi16(1)));
      const __m512i difference = _mm512_xor_si512(_mm512_srli_epi16(zigzag, 1), sign);
      _mm512_storeu_si512(elements + 64 * i, unordered(_mm512_add_epi16(ordered(vector[i]), difference)));
    }
  }
};

// Elements of four bytes: four vectors of 16.
struct Words {
  using Word = std::uint32_t;
  using Numbers = WordNumbers<Zigzag<Word>::kSubBits>;
  __m512i vector[4];

  ASSAY_INLINE explicit Words(const std::byte* elements)
      : vector{_mm512_loadu_si512(elements), _mm512_loadu_si512(elements + 64),
               _mm512_loadu_si512(elements + 128), _mm512_loadu_si512(elements + 192)} {}

  ASSAY_INLINE __m512i keys() const {
    __m512i exponents[4];
    for (int i = 0; i < 4; ++i) exponents[i] = _mm512_srli_epi32(vector[i], 23);  // narrowing drops the sign
    return Numbers::narrow(exponents);
  }
  ASSAY_INLINE static __m512i ordered(__m512i bits) {
    const __m512i sign = _mm512_srai_epi32(bits, 31);
    return _mm512_xor_si512(bits, _mm512_or_si512(sign, _mm512_set1_epi32(INT32_MIN)));
  }
  ASSAY_INLINE static __m512i unordered(__m512i order) {
    const __m512i sign = _mm512_and_si512(_mm512_srai_epi32(order, 31), _mm512_set1_epi32(INT32_MAX));
    return _mm512_xor_si512(_mm512_xor_si512(order, sign), _mm512_set1_epi32(-1));
  }
  ASSAY_INLINE Numbers zigzag(const Words& parent) const {
    Numbers numbers;
    for (int i = 0; i < 4; ++i) {
      const __m512i difference = _mm512_sub_epi32(ordered(vector[i]), ordered(parent.vector[i]));
      numbers.words[i] =
          _mm512_xor_si512(_mm512_slli_epi32(difference, 1), _mm512_srai_epi32(difference, 31));
    }
    return numbers;
  }
  ASSAY_INLINE void apply(const Numbers& numbers, std::byte* elements) const {
    for (int i = 0; i < 4; ++i) {
      const __m512i zigzag = numbers.words[i];
      const __m512i sign =
          _mm512_sub_epi32(_mm512_setzero_si512(), _mm512_and_si512(zigzag, _mm512_set1_epi32(1)));
      const __m512i difference = _mm512_xor_si512(_mm512_srli_epi32(zigzag, 1), sign);
      _mm512_storeu_si512(elements + 64 * i, unordered(_mm512_add_epi32(ordered(vector[i]), difference)));
    }
  }
};

using F16Elements = Halfwords<10, 0x1F>;
using Bf16Elements = Halfwords<7, 0xFF>;

}  // namespace assay

#endif
