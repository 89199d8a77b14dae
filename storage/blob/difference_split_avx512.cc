// SPDX-License-Identifier: Apache-2.0
// 64 elements at a time: a vector of bytes for the keys, one for the tokens, one for how many bits each token
// leaves out. Compressing and expanding by mask does what the portable path does one element after the other.
#include "storage/blob/difference_split_avx512.h"

#if defined(__x86_64__)
#include <algorithm>
#include <cstring>

#include "storage/blob/difference_cursors.h"
#include "storage/blob/difference_vectors.h"
#endif

namespace assay {

#if defined(__x86_64__)
namespace {

constexpr std::size_t kGroup = 64;
// A reader looks only so often whether the streams held all that it took.
constexpr std::size_t kBlock = 16 * kGroup;
static_assert(kBlock <= kStreamRoom);

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

ASSAY_INLINE __mmask64 has_extra_byte(__m512i extra, std::size_t byte) {
  return _mm512_cmpge_epu8_mask(extra, _mm512_set1_epi8(static_cast<char>(8 * byte + 8)));
}

// Whether to look if the streams of bits from `bit` on have nothing: that most groups have a bit in the first
// few is all that one can say, and guessing wrong costs more than doing nothing with a stream.
constexpr bool may_stop(std::size_t bit) {
  return bit == 0 || bit >= 4;
}

template <typename Elements>
ASSAY_AVX512 std::size_t split(const DifferenceContexts& contexts, const std::byte* raw,
                               const std::byte* parent, std::size_t elements, DifferenceStreams& streams) {
  constexpr std::size_t kBytes = kGroup * sizeof(typename Elements::Word);
  ContextVectors vectors;
  make_context_vectors(contexts, vectors);
  std::size_t done = 0;
  for (; done + kGroup <= elements; done += kGroup, raw += kBytes, parent += kBytes) {
    const Elements base(parent);
    auto numbers = Elements(raw).zigzag(base);
    const TokenVectors parts = numbers.tokens();
    const __m512i keys = base.keys();
    for (std::size_t k = 0; k < contexts.count; ++k)
      put(streams.tokens[k], in_context(vectors, k, keys), parts.tokens);
    for (std::size_t byte = 0; byte < Elements::Numbers::kExtraBytes; ++byte) {
      const __mmask64 mask = has_extra_byte(parts.extra, byte);
      if (mask == 0) break;
      put(streams.extra_bytes[byte], mask, numbers.extra_byte(byte));
    }
    const __m512i bits = at_most_seven(parts.extra);
#pragma GCC unroll 7
    for (std::size_t bit = 0; bit < kExtraBitStreams; ++bit) {
      const __mmask64 mask = _mm512_cmpgt_epu8_mask(bits, _mm512_set1_epi8(static_cast<char>(bit)));
      if (may_stop(bit) && mask == 0) break;
      put_bits(streams.extra_bits[bit], mask,
               _mm512_test_epi8_mask(parts.rest, _mm512_set1_epi8(static_cast<char>(1 << bit))));
    }
  }
  return done;
}

// What comes next of a stream, spread to where the mask is set.
ASSAY_INLINE __m512i take(const DifferenceStream& stream, std::size_t& cursor, __mmask64 mask) {
  const __m512i bytes = _mm512_maskz_expand_epi8(mask, _mm512_loadu_si512(stream.bytes.get() + cursor));
  cursor += count(mask);
  return bytes;
}

ASSAY_INLINE __mmask64 take_bits(const DifferenceStream& stream, std::size_t& cursor, __mmask64 mask) {
  const std::byte* const at = stream.bytes.get() + cursor / 8;
  const unsigned shift = cursor % 8;
  std::uint64_t low = 0;
  std::memcpy(&low, at, sizeof(low));
  cursor += count(mask);
  return _pdep_u64(low >> shift | static_cast<std::uint64_t>(at[8]) << 1 << (63 - shift), mask);
}

// What 64 tokens leave out, added to the numbers.
template <typename Numbers>
ASSAY_INLINE void take_extra(const DifferenceStreams& streams, Cursors& cursors, __m512i extra,
                             Numbers& numbers) {
  const __mmask64 whole = has_extra_byte(extra, 0);
  for (std::size_t byte = 0; byte < Numbers::kExtraBytes; ++byte) {
    const __mmask64 mask = has_extra_byte(extra, byte);
    if (mask == 0) break;
    numbers.add_extra_byte(byte, take(streams.extra_bytes[byte], cursors.extra_bytes[byte], mask));
  }
  const __m512i bits = at_most_seven(extra);
  __m512i rest = _mm512_setzero_si512();
#pragma GCC unroll 7
  for (std::size_t bit = 0; bit < kExtraBitStreams; ++bit) {
    const __mmask64 mask = _mm512_cmpgt_epu8_mask(bits, _mm512_set1_epi8(static_cast<char>(bit)));
    if (may_stop(bit) && mask == 0) break;
    const __mmask64 set = take_bits(streams.extra_bits[bit], cursors.extra_bits[bit], mask);
    rest = _mm512_mask_add_epi8(rest, set, rest, _mm512_set1_epi8(static_cast<char>(1 << bit)));
  }
  numbers.add_rest(rest, extra, whole);
}

// A block's elements. False when a stream ended too early, of which it may have read kBlock bytes more, or
// when a token is none.
template <typename Elements>
ASSAY_INLINE bool join_block(const ContextVectors& vectors, std::size_t contexts,
                             const DifferenceStreams& streams, Cursors& cursors, const std::byte* parent,
                             std::size_t elements, std::byte* raw) {
  using Zigzag = assay::Zigzag<typename Elements::Word>;
  constexpr std::size_t kBytes = kGroup * sizeof(typename Elements::Word);
  __m512i highest = _mm512_setzero_si512();
  for (std::size_t i = 0; i < elements; i += kGroup, raw += kBytes, parent += kBytes) {
    const Elements base(parent);
    const __m512i keys = base.keys();
    __m512i tokens = _mm512_setzero_si512();
    for (std::size_t k = 0; k < contexts; ++k)
      tokens =
          _mm512_or_si512(tokens, take(streams.tokens[k], cursors.tokens[k], in_context(vectors, k, keys)));
    highest = _mm512_max_epu8(highest, tokens);
    const __m512i eighths =
        _mm512_and_si512(_mm512_srli_epi16(tokens, Zigzag::kSubBits), _mm512_set1_epi8(0x1F));
    const __m512i extra = _mm512_subs_epu8(eighths, _mm512_set1_epi8(1));
    auto numbers = Elements::Numbers::from_tokens(tokens, extra);
    if (_mm512_test_epi8_mask(extra, extra) != 0) take_extra(streams, cursors, extra, numbers);
    base.apply(numbers, raw);
  }
  return _mm512_cmpgt_epu8_mask(highest, _mm512_set1_epi8(static_cast<char>(Zigzag::kMaxToken))) == 0 &&
         cursors.within(streams);
}

template <typename Elements>
ASSAY_AVX512 std::size_t join(const DifferenceContexts& contexts, DifferenceStreams& streams,
                              const std::byte* parent, std::size_t elements, std::byte* raw) {
  ContextVectors vectors;
  make_context_vectors(contexts, vectors);
  std::size_t done = 0;
  while (done + kGroup <= elements) {
    const std::size_t size = std::min(kBlock, (elements - done) / kGroup * kGroup);
    const std::size_t at = done * sizeof(typename Elements::Word);
    Cursors cursors(streams);
    if (!join_block<Elements>(vectors, contexts.count, streams, cursors, parent + at, size, raw + at)) break;
    cursors.advance(streams);
    done += size;
  }
  return done;
}

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
