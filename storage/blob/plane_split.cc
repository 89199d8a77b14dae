// SPDX-License-Identifier: Apache-2.0
// Plain loops that the compiler turns into vector code, once for each set of instructions.
#include "storage/blob/plane_split.h"

#include <bit>
#include <cstdint>
#include <cstring>

namespace assay {
namespace {

static_assert(std::endian::native == std::endian::little);  // elements are read as they lie

template <typename Word>
__attribute__((always_inline)) inline void split(const std::byte* __restrict elements, std::size_t count,
                                                 std::byte* __restrict planes) {
  for (std::size_t i = 0; i < count; ++i) {
    Word word;
    std::memcpy(&word, elements + i * sizeof(Word), sizeof(Word));
    word = static_cast<Word>(word << 1 | word >> (8 * sizeof(Word) - 1));
    for (std::size_t p = 0; p < sizeof(Word); ++p)
      planes[p * count + i] = static_cast<std::byte>(word >> (8 * p) & 0xFF);
  }
}

template <typename Word>
__attribute__((always_inline)) inline void join(const std::byte* __restrict planes, std::size_t count,
                                                std::byte* __restrict elements) {
  for (std::size_t i = 0; i < count; ++i) {
    Word word = 0;
    for (std::size_t p = 0; p < sizeof(Word); ++p)
      word = static_cast<Word>(word | static_cast<Word>(planes[p * count + i]) << (8 * p));
    word = static_cast<Word>(word >> 1 | word << (8 * sizeof(Word) - 1));
    std::memcpy(elements + i * sizeof(Word), &word, sizeof(Word));
  }
}

// The same for every width, in the instructions of the function that it is inlined into.
__attribute__((always_inline)) inline void split_any(std::size_t width, const std::byte* elements,
                                                     std::size_t count, std::byte* planes) {
  if (width == 2) return split<std::uint16_t>(elements, count, planes);
  if (width == 4) return split<std::uint32_t>(elements, count, planes);
  split<std::uint64_t>(elements, count, planes);
}

__attribute__((always_inline)) inline void join_any(std::size_t width, const std::byte* planes,
                                                    std::size_t count, std::byte* elements) {
  if (width == 2) return join<std::uint16_t>(planes, count, elements);
  if (width == 4) return join<std::uint32_t>(planes, count, elements);
  join<std::uint64_t>(planes, count, elements);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) void split_avx2(std::size_t width, const std::byte* elements,
                                                std::size_t count, std::byte* planes) {
  split_any(width, elements, count, planes);
}

__attribute__((target("avx2"))) void join_avx2(std::size_t width, const std::byte* planes, std::size_t count,
                                               std::byte* elements) {
  join_any(width, planes, count, elements);
}
#endif

}  // namespace

void split_planes(const Cpu& cpu, std::size_t width, const std::byte* elements, std::size_t count,
                  std::byte* planes) {
#if defined(__x86_64__)
  if (cpu.avx2) return split_avx2(width, elements, count, planes);
#endif
  static_cast<void>(cpu);
  split_any(width, elements, count, planes);
}

void join_planes(const Cpu& cpu, std::size_t width, const std::byte* planes, std::size_t count,
                 std::byte* elements) {
#if defined(__x86_64__)
  if (cpu.avx2) return join_avx2(width, planes, count, elements);
#endif
  static_cast<void>(cpu);
  join_any(width, planes, count, elements);
}

}  // namespace assay
