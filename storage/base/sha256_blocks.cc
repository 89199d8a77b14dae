// SPDX-License-Identifier: Apache-2.0
#include "storage/base/sha256_blocks.h"

#include "storage/base/error.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace assay {

#if defined(__x86_64__)
#define ASSAY_SHA __attribute__((target("sha,sse4.1,ssse3")))

namespace {

alignas(16) constexpr std::uint32_t kRoundConstants[64] = {
    0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5,
    0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174,
    0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA,
    0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967,
    0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13, 0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85,
    0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070,
    0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3,
    0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2};

// The instructions want the state as (A, B, E, F) and (C, D, G, H), most significant first.
struct Halves {
  __m128i abef;
  __m128i cdgh;
};

ASSAY_SHA inline Halves load(const Sha256State& state) {
  const __m128i dcba = _mm_loadu_si128(reinterpret_cast<const __m128i*>(state.data()));
  const __m128i hgfe = _mm_loadu_si128(reinterpret_cast<const __m128i*>(state.data() + 4));
  const __m128i cdab = _mm_shuffle_epi32(dcba, 0xB1);
  const __m128i efgh = _mm_shuffle_epi32(hgfe, 0x1B);
  return {_mm_alignr_epi8(cdab, efgh, 8), _mm_blend_epi16(efgh, cdab, 0xF0)};
}

ASSAY_SHA inline void store(Sha256State& state, const Halves& halves) {
  const __m128i feba = _mm_shuffle_epi32(halves.abef, 0x1B);
  const __m128i dchg = _mm_shuffle_epi32(halves.cdgh, 0xB1);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(state.data()), _mm_blend_epi16(feba, dchg, 0xF0));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(state.data() + 4), _mm_alignr_epi8(dchg, feba, 8));
}

// One block of each of kMessages messages, four rounds a turn, the messages side by side in each turn.
template <int kMessages>
ASSAY_SHA __attribute__((always_inline)) inline void compress(Halves* halves,
                                                              const std::byte* const* blocks) {
  const __m128i big_endian = _mm_set_epi64x(0x0C0D0E0F08090A0B, 0x0405060700010203);
  __m128i words[kMessages][4];
  Halves before[kMessages];
#pragma GCC unroll 2
  for (int m = 0; m < kMessages; ++m) before[m] = halves[m];
#pragma GCC unroll 16
  for (int turn = 0; turn < 16; ++turn) {
    const __m128i constants = _mm_load_si128(reinterpret_cast<const __m128i*>(kRoundConstants) + turn);
#pragma GCC unroll 2
    for (int m = 0; m < kMessages; ++m) {
      __m128i* const w = words[m];
      const int now = turn % 4;
      const int next = (turn + 1) % 4;
      const int last = (turn + 3) % 4;
      if (turn < 4)
        w[now] =
            _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(blocks[m]) + turn), big_endian);
      const __m128i sum = _mm_add_epi32(w[now], constants);
      halves[m].cdgh = _mm_sha256rnds2_epu32(halves[m].cdgh, halves[m].abef, sum);
      if (turn >= 3 && turn < 15)
        w[next] = _mm_sha256msg2_epu32(_mm_add_epi32(w[next], _mm_alignr_epi8(w[now], w[last], 4)), w[now]);
      halves[m].abef = _mm_sha256rnds2_epu32(halves[m].abef, halves[m].cdgh, _mm_shuffle_epi32(sum, 0x0E));
      if (turn >= 1 && turn < 13) w[last] = _mm_sha256msg1_epu32(w[last], w[now]);
    }
  }
#pragma GCC unroll 2
  for (int m = 0; m < kMessages; ++m) {
    halves[m].abef = _mm_add_epi32(halves[m].abef, before[m].abef);
    halves[m].cdgh = _mm_add_epi32(halves[m].cdgh, before[m].cdgh);
  }
}

}  // namespace

ASSAY_SHA void sha256_blocks(Sha256State& state, const std::byte* message, std::size_t blocks) {
  Halves halves[1] = {load(state)};
  for (; blocks > 0; --blocks, message += kSha256Block) compress<1>(halves, &message);
  store(state, halves[0]);
}

ASSAY_SHA void sha256_blocks(Sha256State& first, const std::byte* first_message, Sha256State& second,
                             const std::byte* second_message, std::size_t blocks) {
  Halves halves[2] = {load(first), load(second)};
  const std::byte* messages[2] = {first_message, second_message};
  for (; blocks > 0; --blocks) {
    compress<2>(halves, messages);
    messages[0] += kSha256Block;
    messages[1] += kSha256Block;
  }
  store(first, halves[0]);
  store(second, halves[1]);
}

#undef ASSAY_SHA
#else

void sha256_blocks(Sha256State&, const std::byte*, std::size_t) {
  throw Error(Code::unsupported, "this processor has no SHA instructions; use Sha256");
}

void sha256_blocks(Sha256State&, const std::byte*, Sha256State&, const std::byte*, std::size_t) {
  throw Error(Code::unsupported, "this processor has no SHA instructions; use Sha256");
}

#endif

}  // namespace assay
