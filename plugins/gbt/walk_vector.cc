// SPDX-License-Identifier: Apache-2.0
// Eight rows in a register of AVX2, sixteen in one of AVX-512. The first levels of a tree fit into a register and
// are looked up there; below, nodes are gathered from memory. The functions carry their instruction set
// themselves: the rest of the plugin runs everywhere.
#include "walk.h"

#if defined(__x86_64__)
#include <immintrin.h>

// Its own headers' "undefined" registers, once they are inlined.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

namespace gbt {

#if defined(__x86_64__)
namespace {

constexpr std::size_t kTogether = 2;  // registers of rows that walk side by side

// The first nodes apart: lines and thresholds.
template <std::size_t lanes>
struct Head {
  explicit Head(const ShallowTrees& trees, const ShallowNode* nodes) {
    const std::size_t inner = (std::size_t{1} << trees.depth) - 1;
    for (std::size_t i = 0; i < lanes - 1 && i < inner; ++i) {
      line[i] = nodes[i].line;
      threshold[i] = nodes[i].threshold;
    }
  }
  alignas(64) std::uint32_t line[lanes] = {};
  alignas(64) std::uint32_t threshold[lanes] = {};
};

// Children of the nodes `at`, whose lines and thresholds are given.
__attribute__((target("avx2"), always_inline)) inline __m256i step_avx2(__m256i at, __m256i lines,
                                                                        __m256i thresholds,
                                                                        const std::uint32_t* keys) {
  const __m256i rows = _mm256_add_epi32(lines, _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  const __m256i key = _mm256_i32gather_epi32(reinterpret_cast<const int*>(keys), rows, 4);
  // Comparison is of signed numbers: the top bits are turned first.
  const __m256i top = _mm256_set1_epi32(static_cast<int>(0x80000000u));
  const __m256i left = _mm256_cmpgt_epi32(_mm256_xor_si256(thresholds, top), _mm256_xor_si256(key, top));
  const __m256i right_child = _mm256_add_epi32(_mm256_add_epi32(at, at), _mm256_set1_epi32(2));
  return _mm256_add_epi32(right_child, left);  // a mask is -1
}

__attribute__((target("avx2"))) void add_avx2(const ShallowTrees& trees, const Rows& rows, std::size_t count,
                                           float* sums) {
  constexpr std::size_t lanes = 8;
  constexpr int held = 3;  // levels that are in the head
  const std::size_t inner = (std::size_t{1} << trees.depth) - 1;
  const __m256i begin = _mm256_set1_epi32(static_cast<int>(inner));
  for (std::size_t tree = 0; tree < trees.count; ++tree) {
    const ShallowNode* nodes = trees.nodes + tree * inner;
    const float* leaves = trees.leaves + tree * (inner + 1);
    const auto* words = reinterpret_cast<const int*>(nodes);
    const Head<lanes> head(trees, nodes);
    const __m256i lines = _mm256_load_si256(reinterpret_cast<const __m256i*>(head.line));
    const __m256i thresholds = _mm256_load_si256(reinterpret_cast<const __m256i*>(head.threshold));
    for (std::size_t row = 0; row < count; row += kTogether * lanes) {
      const std::uint32_t* keys = rows.keys + row;
      __m256i at[kTogether];
      for (__m256i& one : at) one = _mm256_setzero_si256();
      int level = 0;
      for (; level < trees.depth && level < held; ++level)
        for (std::size_t k = 0; k < kTogether; ++k)
          at[k] = step_avx2(at[k], _mm256_permutevar8x32_epi32(lines, at[k]),
                            _mm256_permutevar8x32_epi32(thresholds, at[k]), keys + k * lanes);
      for (; level < trees.depth; ++level)
        for (std::size_t k = 0; k < kTogether; ++k)
          at[k] = step_avx2(at[k], _mm256_i32gather_epi32(words, at[k], 8),
                            _mm256_i32gather_epi32(words + 1, at[k], 8), keys + k * lanes);
      for (std::size_t k = 0; k < kTogether; ++k) {
        float* sum = sums + row + k * lanes;
        const __m256 leaf = _mm256_i32gather_ps(leaves, _mm256_sub_epi32(at[k], begin), 4);
        _mm256_storeu_ps(sum, _mm256_add_ps(_mm256_loadu_ps(sum), leaf));
      }
    }
  }
}

__attribute__((target("avx512f"), always_inline)) inline __m512i step_avx512(__m512i at, __m512i lines,
                                                                             __m512i thresholds,
                                                                             const std::uint32_t* keys) {
  const __m512i rows = _mm512_add_epi32(
      lines, _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
  const __m512i key = _mm512_i32gather_epi32(rows, keys, 4);
  const __mmask16 left = _mm512_cmplt_epu32_mask(key, thresholds);
  const __m512i right_child = _mm512_add_epi32(_mm512_add_epi32(at, at), _mm512_set1_epi32(2));
  return _mm512_mask_sub_epi32(right_child, left, right_child, _mm512_set1_epi32(1));
}

__attribute__((target("avx512f"))) void add_avx512(const ShallowTrees& trees, const Rows& rows, std::size_t count,
                                           float* sums) {
  constexpr std::size_t lanes = 16;
  constexpr int held = 4;  // levels that are in the head
  const std::size_t inner = (std::size_t{1} << trees.depth) - 1;
  const __m512i begin = _mm512_set1_epi32(static_cast<int>(inner));
  for (std::size_t tree = 0; tree < trees.count; ++tree) {
    const ShallowNode* nodes = trees.nodes + tree * inner;
    const float* leaves = trees.leaves + tree * (inner + 1);
    const auto* words = reinterpret_cast<const int*>(nodes);
    const Head<lanes> head(trees, nodes);
    const __m512i lines = _mm512_load_si512(head.line);
    const __m512i thresholds = _mm512_load_si512(head.threshold);
    for (std::size_t row = 0; row < count; row += kTogether * lanes) {
      const std::uint32_t* keys = rows.keys + row;
      __m512i at[kTogether];
      for (__m512i& one : at) one = _mm512_setzero_si512();
      int level = 0;
      for (; level < trees.depth && level < held; ++level)
        for (std::size_t k = 0; k < kTogether; ++k)
          at[k] = step_avx512(at[k], _mm512_permutexvar_epi32(at[k], lines),
                            _mm512_permutexvar_epi32(at[k], thresholds), keys + k * lanes);
      for (; level < trees.depth; ++level)
        for (std::size_t k = 0; k < kTogether; ++k)
          at[k] = step_avx512(at[k], _mm512_i32gather_epi32(at[k], words, 8),
                            _mm512_i32gather_epi32(at[k], words + 1, 8), keys + k * lanes);
      for (std::size_t k = 0; k < kTogether; ++k) {
        float* sum = sums + row + k * lanes;
        const __m512 leaf = _mm512_i32gather_ps(_mm512_sub_epi32(at[k], begin), leaves, 4);
        _mm512_storeu_ps(sum, _mm512_add_ps(_mm512_loadu_ps(sum), leaf));
      }
    }
  }
}

template <std::size_t lanes>
std::size_t whole_groups(const Rows& rows) {
  return rows.count / (kTogether * lanes) * (kTogether * lanes);
}

}  // namespace

std::size_t add_shallow_trees_avx2(const ShallowTrees& trees, const Rows& rows, float* sums) {
  const std::size_t count = whole_groups<8>(rows);
  add_avx2(trees, rows, count, sums);
  return count;
}

std::size_t add_shallow_trees_avx512(const ShallowTrees& trees, const Rows& rows, float* sums) {
  const std::size_t count = whole_groups<16>(rows);
  add_avx512(trees, rows, count, sums);
  return count;
}

#else

std::size_t add_shallow_trees_avx2(const ShallowTrees&, const Rows&, float*) {
  return 0;
}
std::size_t add_shallow_trees_avx512(const ShallowTrees&, const Rows&, float*) {
  return 0;
}

#endif

}  // namespace gbt
