// SPDX-License-Identifier: Apache-2.0
// 64 elements of two bytes at a time: bytes that belong to an element are two vectors of 32. What AVX-512
// compresses and expands by mask is done eight bytes at a time by PEXT and PDEP here.
#include "storage/blob/difference_split_avx2.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "storage/blob/difference_cursors.h"
#include "storage/blob/difference_element.h"

#define ASSAY_AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define ASSAY_INLINE ASSAY_AVX2 __attribute__((always_inline)) inline
#endif

namespace assay {

#if defined(__x86_64__)
namespace {

constexpr std::size_t kGroup = 64;
constexpr std::size_t kBytes = 2 * kGroup;
// A reader looks only so often whether the streams held all that it took.
constexpr std::size_t kBlock = 12 * kGroup;
static_assert(kBlock + 8 <= kStreamRoom);

using Zigzag16 = Zigzag<std::uint16_t>;
static_assert(Zigzag16::kSubBits == 3);

// A byte for each of 64 elements.
struct Bytes {
  __m256i half[2];
};

ASSAY_INLINE Bytes all(int value) {
  const __m256i vector = _mm256_set1_epi8(static_cast<char>(value));
  return {{vector, vector}};
}

// A bit for each byte whose top bit is set.
ASSAY_INLINE std::uint64_t mask_of(const Bytes& bytes) {
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(bytes.half[0])) |
         static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm256_movemask_epi8(bytes.half[1]))) << 32;
}

// The same bytes, eight to a word.
struct Words {
  std::uint64_t word[8] = {};

  Words() = default;
  ASSAY_INLINE explicit Words(const Bytes& bytes) {
    for (int i = 0; i < 2; ++i) _mm256_storeu_si256(reinterpret_cast<__m256i*>(word + 4 * i), bytes.half[i]);
  }
  ASSAY_INLINE Bytes bytes() const {
    return {{_mm256_loadu_si256(reinterpret_cast<const __m256i*>(word)),
             _mm256_loadu_si256(reinterpret_cast<const __m256i*>(word + 4))}};
  }
};

ASSAY_INLINE std::size_t count(std::uint64_t mask) {
  return static_cast<std::size_t>(_mm_popcnt_u64(mask));
}

// A key's context by comparison: at least the lower bound, at most `span` above it.
struct ContextVectors {
  __m256i lower[kMaxContexts];
  __m256i span[kMaxContexts];
};

ASSAY_INLINE void make_context_vectors(const DifferenceContexts& contexts, ContextVectors& vectors) {
  for (std::size_t k = 0; k < contexts.count; ++k) {
    const int lower = k == 0 ? 0 : contexts.bounds[k - 1];
    const int upper = k + 1 == contexts.count ? 255 : contexts.bounds[k] - 1;
    vectors.lower[k] = _mm256_set1_epi8(static_cast<char>(lower));
    vectors.span[k] = _mm256_set1_epi8(static_cast<char>(upper - lower));
  }
}

ASSAY_INLINE Bytes in_context(const ContextVectors& vectors, std::size_t k, const Bytes& keys) {
  Bytes mask;
  for (int i = 0; i < 2; ++i)
    mask.half[i] = _mm256_cmpeq_epi8(
        _mm256_max_epu8(_mm256_sub_epi8(keys.half[i], vectors.lower[k]), vectors.span[k]), vectors.span[k]);
  return mask;
}

// The bytes where the mask's are set, at the stream's end.
ASSAY_INLINE void put(DifferenceStream& stream, const Words& mask, const Words& from) {
  std::byte* at = stream.bytes.get() + stream.size;
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) {
    const std::uint64_t bytes = _pext_u64(from.word[i], mask.word[i]);
    std::memcpy(at, &bytes, sizeof(bytes));
    at += count(mask.word[i]) / 8;
  }
  stream.size = static_cast<std::size_t>(at - stream.bytes.get());
}

// The bits of `from` where the mask is set, at the stream's end. Bits behind the end are zero or not yet
// written.
ASSAY_INLINE void put_bits(DifferenceStream& stream, std::uint64_t mask, std::uint64_t from) {
  std::byte* const at = stream.bytes.get() + stream.size / 8;
  const unsigned shift = stream.size % 8;
  const std::uint64_t bits = _pext_u64(from, mask);
  const std::uint64_t before = static_cast<std::uint64_t>(*at) & ((1U << shift) - 1);
  const std::uint64_t low = before | bits << shift;
  std::memcpy(at, &low, sizeof(low));
  at[8] = static_cast<std::byte>(bits >> 1 >> (63 - shift));
  stream.size += count(mask);
}

// What comes next of a stream goes to where the mask is set, which is still zero.
ASSAY_INLINE void take(const DifferenceStream& stream, std::size_t& cursor, const Words& mask, Words& to) {
  const std::byte* at = stream.bytes.get() + cursor;
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, at, sizeof(bytes));
    to.word[i] |= _pdep_u64(bytes, mask.word[i]);
    at += count(mask.word[i]) / 8;
  }
  cursor = static_cast<std::size_t>(at - stream.bytes.get());
}

ASSAY_INLINE std::uint64_t take_bits(const DifferenceStream& stream, std::size_t& cursor,
                                     std::uint64_t mask) {
  const std::byte* const at = stream.bytes.get() + cursor / 8;
  const unsigned shift = cursor % 8;
  std::uint64_t low = 0;
  std::memcpy(&low, at, sizeof(low));
  cursor += count(mask);
  return _pdep_u64(low >> shift | static_cast<std::uint64_t>(at[8]) << 1 << (63 - shift), mask);
}

// Whether to look if the streams of bits from `bit` on have nothing: that most groups have a bit in the first
// few is all that one can say, and guessing wrong costs more than doing nothing with a stream.
constexpr bool may_stop(int bit) {
  return bit == 0 || bit >= 4;
}

// 0xFF where the number of bits left out is more than `bits`.
ASSAY_INLINE Bytes more_than(const Bytes& extra, int bits) {
  const __m256i limit = _mm256_set1_epi8(static_cast<char>(bits));
  return {{_mm256_cmpgt_epi8(extra.half[0], limit), _mm256_cmpgt_epi8(extra.half[1], limit)}};
}

ASSAY_INLINE Bytes at_most_seven(const Bytes& extra) {
  const __m256i seven = _mm256_set1_epi8(7);
  return {{_mm256_and_si256(extra.half[0], seven), _mm256_and_si256(extra.half[1], seven)}};
}

// How many bits each token leaves out.
ASSAY_INLINE Bytes extra_of(const Bytes& tokens) {
  Bytes extra;
  for (int i = 0; i < 2; ++i)
    extra.half[i] = _mm256_subs_epu8(
        _mm256_and_si256(_mm256_srli_epi16(tokens.half[i], Zigzag16::kSubBits), _mm256_set1_epi8(0x1F)),
        _mm256_set1_epi8(1));
  return extra;
}

// 64 numbers of 16 bits, in the order of the elements.
struct Numbers {
  __m256i words[4];

  // The low bytes, of words that are not above 255.
  ASSAY_INLINE static Bytes narrow(const __m256i* words) {
    return {{_mm256_permute4x64_epi64(_mm256_packus_epi16(words[0], words[1]), 0xD8),
             _mm256_permute4x64_epi64(_mm256_packus_epi16(words[2], words[3]), 0xD8)}};
  }
  ASSAY_INLINE Bytes low() const {
    const __m256i mask = _mm256_set1_epi16(0xFF);
    const __m256i masked[4] = {_mm256_and_si256(words[0], mask), _mm256_and_si256(words[1], mask),
                               _mm256_and_si256(words[2], mask), _mm256_and_si256(words[3], mask)};
    return narrow(masked);
  }
  ASSAY_INLINE Bytes high() const {
    const __m256i shifted[4] = {_mm256_srli_epi16(words[0], 8), _mm256_srli_epi16(words[1], 8),
                                _mm256_srli_epi16(words[2], 8), _mm256_srli_epi16(words[3], 8)};
    return narrow(shifted);
  }

  // A number as a float has its leading one in the exponent and the three bits below it on top of the
  // mantissa: for 8 and above the token is those eleven bits less what they are for 8, plus 8.
  ASSAY_INLINE static __m256i large_tokens(__m256i numbers) {
    const __m256i bits = _mm256_castps_si256(_mm256_cvtepi32_ps(numbers));
    return _mm256_sub_epi32(_mm256_srli_epi32(bits, 20), _mm256_set1_epi32((127 + 3) * 8 - 8));
  }
  ASSAY_INLINE Bytes tokens() const {
    __m256i tokens[4];
    for (int i = 0; i < 4; ++i) {
      const __m256i zero = _mm256_setzero_si256();
      const __m256i large = _mm256_packus_epi32(large_tokens(_mm256_unpacklo_epi16(words[i], zero)),
                                                large_tokens(_mm256_unpackhi_epi16(words[i], zero)));
      const __m256i small = _mm256_cmpeq_epi16(_mm256_min_epu16(words[i], _mm256_set1_epi16(15)), words[i]);
      tokens[i] = _mm256_blendv_epi8(large, words[i], small);
    }
    return narrow(tokens);
  }

  // Of bytes that belong together, low ones and high ones.
  ASSAY_INLINE static Numbers join(const Bytes& low, const Bytes& high) {
    Numbers numbers;
    for (int i = 0; i < 2; ++i) {
      const __m256i lows = _mm256_permute4x64_epi64(low.half[i], 0xD8);
      const __m256i highs = _mm256_permute4x64_epi64(high.half[i], 0xD8);
      numbers.words[2 * i] = _mm256_unpacklo_epi8(lows, highs);
      numbers.words[2 * i + 1] = _mm256_unpackhi_epi8(lows, highs);
    }
    return numbers;
  }
  // What the tokens say; zero where they leave bits out.
  ASSAY_INLINE static Numbers from_tokens(const Bytes& tokens, const Bytes& extra) {
    const __m256i low_powers = _mm256_setr_epi8(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0,  //
                                                1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0);
    const __m256i high_powers = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, -128,  //
                                                 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, -128);
    Bytes top, low, high;
    for (int i = 0; i < 2; ++i) {
      // No token leaves out more than 12 bits; one that claims to is found out by whoever counts.
      const __m256i index = _mm256_and_si256(extra.half[i], _mm256_set1_epi8(15));
      top.half[i] = _mm256_sub_epi8(tokens.half[i],
                                    _mm256_and_si256(_mm256_slli_epi16(extra.half[i], Zigzag16::kSubBits),
                                                     _mm256_set1_epi8(static_cast<char>(0xF8))));
      low.half[i] = _mm256_shuffle_epi8(low_powers, index);
      high.half[i] = _mm256_shuffle_epi8(high_powers, index);
    }
    const Numbers powers = join(low, high);
    Numbers numbers = join(top, all(0));
    for (int i = 0; i < 4; ++i) numbers.words[i] = _mm256_mullo_epi16(numbers.words[i], powers.words[i]);
    return numbers;
  }
  ASSAY_INLINE void add(const Numbers& others) {
    for (int i = 0; i < 4; ++i) words[i] = _mm256_or_si256(words[i], others.words[i]);
  }
};

// 64 floats of two bytes.
template <int kKeyShift, int kKeyMask>
struct Halfwords {
  __m256i vector[4];

  ASSAY_INLINE explicit Halfwords(const std::byte* elements) {
    for (int i = 0; i < 4; ++i)
      vector[i] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(elements + 32 * i));
  }

  ASSAY_INLINE Bytes keys() const {
    __m256i keys[4];
    for (int i = 0; i < 4; ++i)
      keys[i] = _mm256_and_si256(_mm256_srli_epi16(vector[i], kKeyShift), _mm256_set1_epi16(kKeyMask));
    return Numbers::narrow(keys);
  }
  ASSAY_INLINE static __m256i ordered(__m256i bits) {
    const __m256i sign = _mm256_srai_epi16(bits, 15);
    return _mm256_xor_si256(bits, _mm256_or_si256(sign, _mm256_set1_epi16(-0x8000)));
  }
  ASSAY_INLINE static __m256i unordered(__m256i order) {
    const __m256i sign = _mm256_and_si256(_mm256_srai_epi16(order, 15), _mm256_set1_epi16(0x7FFF));
    return _mm256_xor_si256(_mm256_xor_si256(order, sign), _mm256_set1_epi16(-1));
  }
  ASSAY_INLINE Numbers zigzag(const Halfwords& parent) const {
    Numbers numbers;
    for (int i = 0; i < 4; ++i) {
      const __m256i difference = _mm256_sub_epi16(ordered(vector[i]), ordered(parent.vector[i]));
      numbers.words[i] =
          _mm256_xor_si256(_mm256_slli_epi16(difference, 1), _mm256_srai_epi16(difference, 15));
    }
    return numbers;
  }
  ASSAY_INLINE void apply(const Numbers& numbers, std::byte* elements) const {
    for (int i = 0; i < 4; ++i) {
      const __m256i zigzag = numbers.words[i];
      const __m256i sign =
          _mm256_sub_epi16(_mm256_setzero_si256(), _mm256_and_si256(zigzag, _mm256_set1_epi16(1)));
      const __m256i difference = _mm256_xor_si256(_mm256_srli_epi16(zigzag, 1), sign);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(elements + 32 * i),
                          unordered(_mm256_add_epi16(ordered(vector[i]), difference)));
    }
  }
};

using F16Elements = Halfwords<10, 0x1F>;
using Bf16Elements = Halfwords<7, 0xFF>;

// What the tokens leave out.
ASSAY_INLINE void put_extra(const Numbers& numbers, const Bytes& extra, DifferenceStreams& streams) {
  const Bytes low = numbers.low();
  const Bytes whole = more_than(extra, 7);
  Bytes rest = low;
  if (mask_of(whole) != 0) {
    put(streams.extra_bytes[0], Words(whole), Words(low));
    const Bytes high = numbers.high();
    for (int i = 0; i < 2; ++i) rest.half[i] = _mm256_blendv_epi8(low.half[i], high.half[i], whole.half[i]);
  }
  const Bytes bits = at_most_seven(extra);
#pragma GCC unroll 7
  for (int bit = 0; bit < static_cast<int>(kExtraBitStreams); ++bit) {
    const std::uint64_t mask = mask_of(more_than(bits, bit));
    if (may_stop(bit) && mask == 0) break;
    // The shift moves bits between bytes too, but only into those below the one that is asked for.
    const Bytes on_top{{_mm256_slli_epi16(rest.half[0], 7 - bit), _mm256_slli_epi16(rest.half[1], 7 - bit)}};
    put_bits(streams.extra_bits[static_cast<std::size_t>(bit)], mask, mask_of(on_top));
  }
}

template <typename Elements>
ASSAY_AVX2 std::size_t split(const DifferenceContexts& contexts, const std::byte* raw,
                             const std::byte* parent, std::size_t elements, DifferenceStreams& streams) {
  ContextVectors vectors;
  make_context_vectors(contexts, vectors);
  std::size_t done = 0;
  for (; done + kGroup <= elements; done += kGroup, raw += kBytes, parent += kBytes) {
    const Elements base(parent);
    const Numbers numbers = Elements(raw).zigzag(base);
    const Bytes tokens = numbers.tokens();
    const Bytes keys = base.keys();
    const Words words(tokens);
    for (std::size_t k = 0; k < contexts.count; ++k)
      put(streams.tokens[k], Words(in_context(vectors, k, keys)), words);
    put_extra(numbers, extra_of(tokens), streams);
  }
  return done;
}

// `bits` where the mask's bits are set, else zero.
ASSAY_INLINE __m256i spread(std::uint32_t mask, __m256i bits) {
  const __m256i which = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1,  //
                                         2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3);
  const __m256i select = _mm256_set1_epi64x(static_cast<long long>(0x8040201008040201));
  const __m256i bytes = _mm256_shuffle_epi8(_mm256_set1_epi32(static_cast<int>(mask)), which);
  return _mm256_and_si256(_mm256_cmpeq_epi8(_mm256_and_si256(bytes, select), select), bits);
}

// What the tokens leave out, added to the numbers.
ASSAY_INLINE void take_extra(const DifferenceStreams& streams, Cursors& cursors, const Bytes& extra,
                             Numbers& numbers) {
  const Bytes bits = at_most_seven(extra);
  Bytes rest = all(0);
#pragma GCC unroll 7
  for (int bit = 0; bit < static_cast<int>(kExtraBitStreams); ++bit) {
    const std::uint64_t mask = mask_of(more_than(bits, bit));
    if (may_stop(bit) && mask == 0) break;
    const auto stream = static_cast<std::size_t>(bit);
    const std::uint64_t set = take_bits(streams.extra_bits[stream], cursors.extra_bits[stream], mask);
    const __m256i value = _mm256_set1_epi8(static_cast<char>(1 << bit));
    rest.half[0] = _mm256_or_si256(rest.half[0], spread(static_cast<std::uint32_t>(set), value));
    rest.half[1] = _mm256_or_si256(rest.half[1], spread(static_cast<std::uint32_t>(set >> 32), value));
  }
  const Bytes whole = more_than(extra, 7);
  if (mask_of(whole) == 0) return numbers.add(Numbers::join(rest, all(0)));
  Words words;
  take(streams.extra_bytes[0], cursors.extra_bytes[0], Words(whole), words);
  const Bytes bytes = words.bytes();
  Bytes low, high;
  for (int i = 0; i < 2; ++i) {
    low.half[i] = _mm256_blendv_epi8(rest.half[i], bytes.half[i], whole.half[i]);
    high.half[i] = _mm256_and_si256(rest.half[i], whole.half[i]);
  }
  numbers.add(Numbers::join(low, high));
}

// A block's elements. False when a stream ended too early, of which it may have read kBlock bytes more, or
// when a token is none.
template <typename Elements>
ASSAY_INLINE bool join_block(const ContextVectors& vectors, std::size_t contexts,
                             const DifferenceStreams& streams, Cursors& cursors, const std::byte* parent,
                             std::size_t elements, std::byte* raw) {
  Bytes highest = all(0);
  for (std::size_t i = 0; i < elements; i += kGroup, raw += kBytes, parent += kBytes) {
    const Elements base(parent);
    const Bytes keys = base.keys();
    Words words;
    for (std::size_t k = 0; k < contexts; ++k)
      take(streams.tokens[k], cursors.tokens[k], Words(in_context(vectors, k, keys)), words);
    const Bytes tokens = words.bytes();
    for (int h = 0; h < 2; ++h) highest.half[h] = _mm256_max_epu8(highest.half[h], tokens.half[h]);
    const Bytes extra = extra_of(tokens);
    Numbers numbers = Numbers::from_tokens(tokens, extra);
    take_extra(streams, cursors, extra, numbers);
    base.apply(numbers, raw);
  }
  const __m256i limit = _mm256_set1_epi8(static_cast<char>(Zigzag16::kMaxToken));
  const __m256i all_highest = _mm256_max_epu8(highest.half[0], highest.half[1]);
  const __m256i within = _mm256_cmpeq_epi8(_mm256_max_epu8(all_highest, limit), limit);
  return _mm256_movemask_epi8(within) == -1 && cursors.within(streams);
}

template <typename Elements>
ASSAY_AVX2 std::size_t join(const DifferenceContexts& contexts, DifferenceStreams& streams,
                            const std::byte* parent, std::size_t elements, std::byte* raw) {
  ContextVectors vectors;
  make_context_vectors(contexts, vectors);
  std::size_t done = 0;
  while (done + kGroup <= elements) {
    const std::size_t size = std::min(kBlock, (elements - done) / kGroup * kGroup);
    const std::size_t at = done * sizeof(std::uint16_t);
    Cursors cursors(streams);
    if (!join_block<Elements>(vectors, contexts.count, streams, cursors, parent + at, size, raw + at)) break;
    cursors.advance(streams);
    done += size;
  }
  return done;
}

}  // namespace

std::size_t split_difference_avx2(Element element, const DifferenceContexts& contexts, const std::byte* raw,
                                  const std::byte* parent, std::size_t count, DifferenceStreams& streams) {
  if (element == Element::f16) return split<F16Elements>(contexts, raw, parent, count, streams);
  if (element == Element::bf16) return split<Bf16Elements>(contexts, raw, parent, count, streams);
  return 0;
}

std::size_t join_difference_avx2(Element element, const DifferenceContexts& contexts,
                                 DifferenceStreams& streams, const std::byte* parent, std::size_t count,
                                 std::byte* raw) {
  if (element == Element::f16) return join<F16Elements>(contexts, streams, parent, count, raw);
  if (element == Element::bf16) return join<Bf16Elements>(contexts, streams, parent, count, raw);
  return 0;
}

#undef ASSAY_INLINE
#undef ASSAY_AVX2
#else

std::size_t split_difference_avx2(Element, const DifferenceContexts&, const std::byte*, const std::byte*,
                                  std::size_t, DifferenceStreams&) {
  return 0;
}

std::size_t join_difference_avx2(Element, const DifferenceContexts&, DifferenceStreams&, const std::byte*,
                                 std::size_t, std::byte*) {
  return 0;
}

#endif

}  // namespace assay
