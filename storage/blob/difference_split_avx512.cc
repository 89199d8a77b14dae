// SPDX-License-Identifier: Apache-2.0
// 64 elements at a time: a vector of bytes for the keys, one for the tokens, one for how many bits each token
// leaves out. Compressing and expanding by mask does what the portable path does one element after the other.
#include "storage/blob/difference_split_avx512.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include <cstring>

#include "storage/blob/difference_element.h"

#define ASSAY_AVX512 \
  __attribute__((    \
      target("avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx512vbmi,avx512vbmi2,bmi,bmi2,popcnt")))
#define ASSAY_INLINE ASSAY_AVX512 __attribute__((always_inline)) inline
#endif

namespace assay {

#if defined(__x86_64__)
namespace {

constexpr std::size_t kGroup = 64;
using Lanes = __m512i[4];  // 64 elements as 32-bit integers

// A key's context by comparison: at least the lower bound, at most `span` above it.
struct ContextVectors {
  __m512i lower[kMaxContexts];
  __m512i span[kMaxContexts];
};

ASSAY_INLINE void make_context_vectors(const DifferenceContexts& contexts, ContextVectors& vectors) {
  for (std::size_t k = 0; k < contexts.count; ++k) {
    const int lower = k == 0 ? 0 : contexts.bounds[k - 1];
    const int upper = k + 1 == contexts.count ? 255 : contexts.bounds[k] - 1;
    vectors.lower[k] = _mm512_set1_epi8(static_cast<char>(lower));
    vectors.span[k] = _mm512_set1_epi8(static_cast<char>(upper - lower));
  }
}

ASSAY_INLINE __mmask64 in_context(const ContextVectors& vectors, std::size_t k, __m512i keys) {
  return _mm512_cmple_epu8_mask(_mm512_sub_epi8(keys, vectors.lower[k]), vectors.span[k]);
}

ASSAY_INLINE std::size_t count(__mmask64 mask) {
  return static_cast<std::size_t>(_mm_popcnt_u64(mask));
}

ASSAY_INLINE __m512i narrow(const Lanes& lanes) {
  const __m256i low = _mm256_set_m128i(_mm512_cvtepi32_epi8(lanes[1]), _mm512_cvtepi32_epi8(lanes[0]));
  const __m256i high = _mm256_set_m128i(_mm512_cvtepi32_epi8(lanes[3]), _mm512_cvtepi32_epi8(lanes[2]));
  return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

ASSAY_INLINE __m512i widen(__m512i bytes, int quarter) {
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

// Elements of two bytes: two vectors of 32.
template <typename Float, int kKeyShift, int kKeyMask>
struct Halfwords {
  using Word = std::uint16_t;
  static constexpr std::size_t kExtraBytes = 1;
  __m512i vector[2];

  ASSAY_INLINE explicit Halfwords(const std::byte* elements)
      : vector{_mm512_loadu_si512(elements), _mm512_loadu_si512(elements + 64)} {}

  ASSAY_INLINE __m512i keys() const {
    const __m512i mask = _mm512_set1_epi16(kKeyMask);
    const __m256i low = _mm512_cvtepi16_epi8(_mm512_and_si512(_mm512_srli_epi16(vector[0], kKeyShift), mask));
    const __m256i high =
        _mm512_cvtepi16_epi8(_mm512_and_si512(_mm512_srli_epi16(vector[1], kKeyShift), mask));
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
  }
  ASSAY_INLINE static __m512i ordered(__m512i bits) {
    const __m512i sign = _mm512_srai_epi16(bits, 15);
    return _mm512_xor_si512(bits, _mm512_or_si512(sign, _mm512_set1_epi16(-0x8000)));
  }
  ASSAY_INLINE static __m512i unordered(__m512i order) {
    const __m512i sign = _mm512_and_si512(_mm512_srai_epi16(order, 15), _mm512_set1_epi16(0x7FFF));
    return _mm512_xor_si512(_mm512_xor_si512(order, sign), _mm512_set1_epi16(-1));
  }
  ASSAY_INLINE void zigzag(const Halfwords& parent, Lanes& lanes) const {
    for (int i = 0; i < 2; ++i) {
      const __m512i difference = _mm512_sub_epi16(ordered(vector[i]), ordered(parent.vector[i]));
      const __m512i zigzag =
          _mm512_xor_si512(_mm512_slli_epi16(difference, 1), _mm512_srai_epi16(difference, 15));
      lanes[2 * i] = _mm512_cvtepu16_epi32(_mm512_castsi512_si256(zigzag));
      lanes[2 * i + 1] = _mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(zigzag, 1));
    }
  }
  ASSAY_INLINE void apply(const Lanes& lanes, std::byte* elements) const {
    for (int i = 0; i < 2; ++i) {
      const __m256i low = _mm512_cvtepi32_epi16(lanes[2 * i]);
      const __m256i high = _mm512_cvtepi32_epi16(lanes[2 * i + 1]);
      const __m512i zigzag = _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
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
  static constexpr std::size_t kExtraBytes = 3;
  __m512i vector[4];

  ASSAY_INLINE explicit Words(const std::byte* elements)
      : vector{_mm512_loadu_si512(elements), _mm512_loadu_si512(elements + 64),
               _mm512_loadu_si512(elements + 128), _mm512_loadu_si512(elements + 192)} {}

  ASSAY_INLINE __m512i keys() const {
    Lanes exponents;
    for (int i = 0; i < 4; ++i) exponents[i] = _mm512_srli_epi32(vector[i], 23);  // narrowing drops the sign
    return narrow(exponents);
  }
  ASSAY_INLINE static __m512i ordered(__m512i bits) {
    const __m512i sign = _mm512_srai_epi32(bits, 31);
    return _mm512_xor_si512(bits, _mm512_or_si512(sign, _mm512_set1_epi32(INT32_MIN)));
  }
  ASSAY_INLINE static __m512i unordered(__m512i order) {
    const __m512i sign = _mm512_and_si512(_mm512_srai_epi32(order, 31), _mm512_set1_epi32(INT32_MAX));
    return _mm512_xor_si512(_mm512_xor_si512(order, sign), _mm512_set1_epi32(-1));
  }
  ASSAY_INLINE void zigzag(const Words& parent, Lanes& lanes) const {
    for (int i = 0; i < 4; ++i) {
      const __m512i difference = _mm512_sub_epi32(ordered(vector[i]), ordered(parent.vector[i]));
      lanes[i] = _mm512_xor_si512(_mm512_slli_epi32(difference, 1), _mm512_srai_epi32(difference, 31));
    }
  }
  ASSAY_INLINE void apply(const Lanes& lanes, std::byte* elements) const {
    for (int i = 0; i < 4; ++i) {
      const __m512i sign =
          _mm512_sub_epi32(_mm512_setzero_si512(), _mm512_and_si512(lanes[i], _mm512_set1_epi32(1)));
      const __m512i difference = _mm512_xor_si512(_mm512_srli_epi32(lanes[i], 1), sign);
      _mm512_storeu_si512(elements + 64 * i, unordered(_mm512_add_epi32(ordered(vector[i]), difference)));
    }
  }
};

// The bytes of `from` where the mask is set, at the stream's end.
ASSAY_INLINE void put(DifferenceStream& stream, __mmask64 mask, __m512i from) {
  _mm512_storeu_si512(stream.bytes.get() + stream.size, _mm512_maskz_compress_epi8(mask, from));
  stream.size += count(mask);
}

// The bits of `from` where the mask is set, at the stream's end. Bits behind the end are zero or not yet
// written.
ASSAY_INLINE void put_bits(DifferenceStream& stream, __mmask64 mask, __mmask64 from) {
  std::byte* const at = stream.bytes.get() + stream.size / 8;
  const unsigned shift = stream.size % 8;
  const std::uint64_t bits = _pext_u64(from, mask);
  const std::uint64_t before = static_cast<std::uint64_t>(*at) & ((1U << shift) - 1);
  const std::uint64_t low = before | bits << shift;
  std::memcpy(at, &low, sizeof(low));
  at[8] = static_cast<std::byte>(bits >> 1 >> (63 - shift));
  stream.size += count(mask);
}

ASSAY_INLINE std::uint64_t look_at_bits(const DifferenceStream& stream) {
  const std::byte* const at = stream.bytes.get() + stream.position / 8;
  const unsigned shift = stream.position % 8;
  std::uint64_t low = 0;
  std::memcpy(&low, at, sizeof(low));
  return low >> shift | static_cast<std::uint64_t>(at[8]) << 1 << (63 - shift);
}

template <typename Elements>
ASSAY_AVX512 std::size_t split(const DifferenceContexts& contexts, const std::byte* raw,
                               const std::byte* parent, std::size_t elements, DifferenceStreams& streams) {
  using Zigzag = assay::Zigzag<typename Elements::Word>;
  ContextVectors vectors;
  make_context_vectors(contexts, vectors);
  std::size_t done = 0;
  for (; done + kGroup <= elements; done += kGroup, raw += kGroup * sizeof(typename Elements::Word),
                                    parent += kGroup * sizeof(typename Elements::Word)) {
    const Elements base(parent);
    Lanes zigzag;
    Elements(raw).zigzag(base, zigzag);
    Lanes lanes[3];  // tokens; extra bits; what is left of a number without its whole extra bytes
    for (int i = 0; i < 4; ++i) {
      const __m512i extra = _mm512_max_epi32(
          _mm512_setzero_si512(),
          _mm512_sub_epi32(_mm512_set1_epi32(31 - Zigzag::kSubBits), _mm512_lzcnt_epi32(zigzag[i])));
      lanes[0][i] =
          _mm512_add_epi32(_mm512_slli_epi32(extra, Zigzag::kSubBits), _mm512_srlv_epi32(zigzag[i], extra));
      lanes[1][i] = extra;
      lanes[2][i] = _mm512_srlv_epi32(zigzag[i], _mm512_and_si512(extra, _mm512_set1_epi32(24)));
    }
    const __m512i keys = base.keys();
    const __m512i tokens = narrow(lanes[0]);
    for (std::size_t k = 0; k < contexts.count; ++k)
      put(streams.tokens[k], in_context(vectors, k, keys), tokens);
    const __m512i extra = narrow(lanes[1]);
    for (std::size_t byte = 0; byte < Elements::kExtraBytes; ++byte) {
      const __mmask64 mask = _mm512_cmpge_epu8_mask(extra, _mm512_set1_epi8(static_cast<char>(8 * byte + 8)));
      if (mask == 0) break;
      Lanes shifted;
      for (int i = 0; i < 4; ++i) shifted[i] = _mm512_srli_epi32(zigzag[i], static_cast<unsigned>(8 * byte));
      put(streams.extra_bytes[byte], mask, narrow(shifted));
    }
    const __m512i bits = _mm512_and_si512(extra, _mm512_set1_epi8(7));
    const __m512i rest = narrow(lanes[2]);
    for (std::size_t bit = 0; bit < kExtraBitStreams; ++bit) {
      const __mmask64 mask = _mm512_cmpgt_epu8_mask(bits, _mm512_set1_epi8(static_cast<char>(bit)));
      if (mask == 0) break;
      put_bits(streams.extra_bits[bit], mask,
               _mm512_test_epi8_mask(rest, _mm512_set1_epi8(static_cast<char>(1 << bit))));
    }
  }
  return done;
}

// What comes next of a stream, spread to where the mask is set. Reads beyond the end, into the room there;
// `good` says whether it had to.
ASSAY_INLINE __m512i take(DifferenceStream& stream, __mmask64 mask, bool& good) {
  const __m512i bytes =
      _mm512_maskz_expand_epi8(mask, _mm512_loadu_si512(stream.bytes.get() + stream.position));
  stream.position += count(mask);
  good &= stream.position <= stream.size;
  return bytes;
}

struct Positions {
  std::array<std::size_t, kMaxContexts> tokens;
  std::array<std::size_t, kExtraByteStreams> extra_bytes;
  std::array<std::size_t, kExtraBitStreams> extra_bits;

  explicit Positions(const DifferenceStreams& streams) {
    for (std::size_t i = 0; i < tokens.size(); ++i) tokens[i] = streams.tokens[i].position;
    for (std::size_t i = 0; i < extra_bytes.size(); ++i) extra_bytes[i] = streams.extra_bytes[i].position;
    for (std::size_t i = 0; i < extra_bits.size(); ++i) extra_bits[i] = streams.extra_bits[i].position;
  }
  void restore(DifferenceStreams& streams) const {
    for (std::size_t i = 0; i < tokens.size(); ++i) streams.tokens[i].position = tokens[i];
    for (std::size_t i = 0; i < extra_bytes.size(); ++i) streams.extra_bytes[i].position = extra_bytes[i];
    for (std::size_t i = 0; i < extra_bits.size(); ++i) streams.extra_bits[i].position = extra_bits[i];
  }
};

// The extra bits of 64 tokens, ORed to the numbers in `lanes`.
template <std::size_t kExtraBytes>
ASSAY_INLINE void take_extra(DifferenceStreams& streams, __m512i extra, Lanes& lanes, bool& good) {
  for (std::size_t byte = 0; byte < kExtraBytes; ++byte) {
    const __mmask64 mask = _mm512_cmpge_epu8_mask(extra, _mm512_set1_epi8(static_cast<char>(8 * byte + 8)));
    if (mask == 0) break;
    const __m512i bytes = take(streams.extra_bytes[byte], mask, good);
    for (int i = 0; i < 4; ++i)
      lanes[i] =
          _mm512_or_si512(lanes[i], _mm512_slli_epi32(widen(bytes, i), static_cast<unsigned>(8 * byte)));
  }
  const __m512i bits = _mm512_and_si512(extra, _mm512_set1_epi8(7));
  __m512i rest = _mm512_setzero_si512();
  for (std::size_t bit = 0; bit < kExtraBitStreams; ++bit) {
    const __mmask64 mask = _mm512_cmpgt_epu8_mask(bits, _mm512_set1_epi8(static_cast<char>(bit)));
    if (mask == 0) break;
    DifferenceStream& stream = streams.extra_bits[bit];
    const __mmask64 set = _pdep_u64(look_at_bits(stream), mask);
    rest = _mm512_mask_add_epi8(rest, set, rest, _mm512_set1_epi8(static_cast<char>(1 << bit)));
    stream.position += count(mask);
    good &= stream.position <= stream.size;
  }
  for (int i = 0; i < 4; ++i) {
    const __m512i shift = _mm512_and_si512(widen(extra, i), _mm512_set1_epi32(24));
    lanes[i] = _mm512_or_si512(lanes[i], _mm512_sllv_epi32(widen(rest, i), shift));
  }
}

template <typename Elements>
ASSAY_AVX512 std::size_t join(const DifferenceContexts& contexts, DifferenceStreams& streams,
                              const std::byte* parent, std::size_t elements, std::byte* raw) {
  using Zigzag = assay::Zigzag<typename Elements::Word>;
  ContextVectors vectors;
  make_context_vectors(contexts, vectors);
  std::size_t done = 0;
  for (; done + kGroup <= elements; done += kGroup, raw += kGroup * sizeof(typename Elements::Word),
                                    parent += kGroup * sizeof(typename Elements::Word)) {
    const Positions before(streams);
    const Elements base(parent);
    const __m512i keys = base.keys();
    bool good = true;
    __m512i tokens = _mm512_setzero_si512();
    for (std::size_t k = 0; k < contexts.count; ++k)
      tokens = _mm512_or_si512(tokens, take(streams.tokens[k], in_context(vectors, k, keys), good));
    good &= _mm512_cmpgt_epu8_mask(tokens, _mm512_set1_epi8(static_cast<char>(Zigzag::kMaxToken))) == 0;
    const __mmask64 long_tokens = _mm512_cmpge_epu8_mask(tokens, _mm512_set1_epi8(2 << Zigzag::kSubBits));
    const __m512i eighths =
        _mm512_and_si512(_mm512_srli_epi16(tokens, Zigzag::kSubBits), _mm512_set1_epi8(0x1F));
    const __m512i extra = _mm512_maskz_sub_epi8(long_tokens, eighths, _mm512_set1_epi8(1));
    Lanes zigzag;
    for (int i = 0; i < 4; ++i) {
      const __m512i wide = widen(extra, i);
      zigzag[i] = _mm512_sllv_epi32(
          _mm512_sub_epi32(widen(tokens, i), _mm512_slli_epi32(wide, Zigzag::kSubBits)), wide);
    }
    if (long_tokens != 0) take_extra<Elements::kExtraBytes>(streams, extra, zigzag, good);
    if (!good) {
      before.restore(streams);
      return done;
    }
    base.apply(zigzag, raw);
  }
  return done;
}

using F16Elements = Halfwords<F16, 10, 0x1F>;
using Bf16Elements = Halfwords<Bf16, 7, 0xFF>;

}  // namespace

std::size_t split_difference_avx512(Element element, const DifferenceContexts& contexts, const std::byte* raw,
                                    const std::byte* parent, std::size_t count, DifferenceStreams& streams) {
  if (element == Element::f16) return split<F16Elements>(contexts, raw, parent, count, streams);
  if (element == Element::bf16) return split<Bf16Elements>(contexts, raw, parent, count, streams);
  if (element == Element::f32) return split<Words>(contexts, raw, parent, count, streams);
  return 0;
}

std::size_t join_difference_avx512(Element element, const DifferenceContexts& contexts,
                                   DifferenceStreams& streams, const std::byte* parent, std::size_t count,
                                   std::byte* raw) {
  if (element == Element::f16) return join<F16Elements>(contexts, streams, parent, count, raw);
  if (element == Element::bf16) return join<Bf16Elements>(contexts, streams, parent, count, raw);
  if (element == Element::f32) return join<Words>(contexts, streams, parent, count, raw);
  return 0;
}

#else

std::size_t split_difference_avx512(Element, const DifferenceContexts&, const std::byte*, const std::byte*,
                                    std::size_t, DifferenceStreams&) {
  return 0;
}

std::size_t join_difference_avx512(Element, const DifferenceContexts&, DifferenceStreams&, const std::byte*,
                                   std::size_t, std::byte*) {
  return 0;
}

#endif

}  // namespace assay
