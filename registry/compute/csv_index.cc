// SPDX-License-Identifier: Apache-2.0
// Quotes are paired by a prefix XOR over their bits: a byte is inside when an odd number of quotes is before it. That
// is the grammar of RFC 4180 as long as each quote opens a cell, closes it before a delimiter, or is one of a doubled
// pair; the three rules are checked on the bits, and a stretch that breaks one is odd.
#include "registry/compute/csv_index.h"

#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace assay {
namespace {

constexpr std::size_t kWord = 64;

// Whether the text has a NUL, and whether a byte past ASCII.
struct Bytes {
  bool nul, high;
};

// A bit for each byte of `word` that is `value`: exact, no carry between bytes.
std::uint64_t equal_bytes(std::uint64_t word, unsigned char value) {
  constexpr std::uint64_t low7 = 0x7F7F7F7F7F7F7F7F;
  word ^= 0x0101010101010101 * value;
  const std::uint64_t zero = ~(((word & low7) + low7) | word | low7) >> 7;
  return zero * 0x0102040810204080 >> 56;
}

Bytes classify_portable(const char* text, CsvIndex::Masks* masks, std::size_t words) {
  static_assert(std::endian::native == std::endian::little);
  std::uint64_t nul = 0, high = 0;
  for (std::size_t i = 0; i < words; ++i) {
    CsvIndex::Masks found{};
    for (int part = 0; part < 8; ++part) {
      std::uint64_t word;
      std::memcpy(&word, text + i * kWord + static_cast<std::size_t>(part) * 8, sizeof word);
      high |= word & 0x8080808080808080;
      nul |= equal_bytes(word, '\0');
      found.quote |= equal_bytes(word, '"') << (8 * part);
      found.comma |= equal_bytes(word, ',') << (8 * part);
      found.line_feed |= equal_bytes(word, '\n') << (8 * part);
      found.carriage_return |= equal_bytes(word, '\r') << (8 * part);
    }
    masks[i] = found;
  }
  return {nul != 0, high != 0};
}

// Marks the cells that end in `words` words of `masks`; only `last` bits of the last word count.
__attribute__((always_inline)) inline void mark(CsvIndex& index, std::size_t words, unsigned last) {
  std::uint64_t inside = 0;                           // all ones while a quoted cell goes on
  std::uint64_t delimited = 1, closed = 0, returned = 0;  // what the byte before was
  std::uint64_t odd = 0, any_quote = 0, any_return = 0;
  std::uint32_t* out = index.ends.data();
  *out++ = ~std::uint32_t{0};
  for (std::size_t i = 0; i < words; ++i) {
    const CsvIndex::Masks& at = index.masks[i];
    const std::uint64_t counts = i + 1 < words || last == kWord ? ~std::uint64_t{0} : (std::uint64_t{1} << last) - 1;
    const std::uint64_t feeds = at.line_feed & counts, quotes = at.quote & counts;
    std::uint64_t in = inside;
    if ((quotes | closed) != 0) {
      in = quotes;
      for (const int shift : {1, 2, 4, 8, 16, 32}) in ^= in << shift;
      in ^= inside;
      inside = std::uint64_t{0} - (in >> 63);
      const std::uint64_t closing = quotes & ~in, behind = closing << 1 | closed;
      const std::uint64_t starts = ((at.comma | feeds) & ~in) << 1 | delimited;
      odd |= quotes & in & ~(starts | behind);
      odd |= behind & ~(quotes | at.comma | feeds | at.carriage_return) & counts;
      closed = closing >> 63;
    }
    any_quote |= quotes;
    any_return |= at.carriage_return;
    const std::uint64_t returns = at.carriage_return & counts & ~in;
    odd |= (returns << 1 | returned) & ~feeds & counts;
    returned = returns >> 63;

    std::uint64_t delimiters = ((at.comma & counts) | feeds) & ~in;
    delimited = delimiters >> 63;
    const std::uint64_t line_ends = feeds & ~in;
    const auto base = static_cast<std::uint32_t>(i * kWord);
    if (line_ends != 0) {
      const unsigned top = 63 - static_cast<unsigned>(std::countl_zero(line_ends));
      const std::uint64_t before = (std::uint64_t{2} << top) - 1;  // top 63: 0 - 1, all ones
      index.records += static_cast<std::size_t>(std::popcount(line_ends));
      index.bytes = base + top + 1;
      index.cells = static_cast<std::size_t>(out - index.ends.data()) - 1 +
                    static_cast<std::size_t>(std::popcount(delimiters & before));
    }
    const int count = std::popcount(delimiters);
    // Eight at a time without asking: what is written too much is overwritten by the next word.
    for (int done = 0; done < count; done += 8)
      for (int k = 0; k < 8; ++k) {
        out[done + k] = base + static_cast<std::uint32_t>(std::countr_zero(delimiters));
        delimiters &= delimiters - 1;
      }
    out += count;
  }
  index.odd = odd != 0;
  index.quotes = any_quote != 0;
  index.carriage_returns = any_return != 0;
}

#if defined(__x86_64__)
#define ASSAY_AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt")))

ASSAY_AVX2 __attribute__((always_inline)) inline std::uint64_t equal(__m256i low, __m256i high, char value) {
  const __m256i wanted = _mm256_set1_epi8(value);
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted))) |
         static_cast<std::uint64_t>(
             static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted))))
             << 32;
}

ASSAY_AVX2 Bytes classify_avx2(const char* text, CsvIndex::Masks* masks, std::size_t words) {
  __m256i least = _mm256_set1_epi8(-1), any = _mm256_setzero_si256();
  for (std::size_t i = 0; i < words; ++i) {
    const auto* at = reinterpret_cast<const __m256i*>(text + i * kWord);
    const __m256i low = _mm256_loadu_si256(at), high = _mm256_loadu_si256(at + 1);
    least = _mm256_min_epu8(least, _mm256_min_epu8(low, high));
    any = _mm256_or_si256(any, _mm256_or_si256(low, high));
    masks[i] = {equal(low, high, '"'), equal(low, high, ','), equal(low, high, '\n'), equal(low, high, '\r')};
  }
  return {_mm256_movemask_epi8(_mm256_cmpeq_epi8(least, _mm256_setzero_si256())) != 0,
          _mm256_movemask_epi8(any) != 0};
}

ASSAY_AVX2 void mark_avx2(CsvIndex& index, std::size_t words, unsigned last) { mark(index, words, last); }
#endif

Bytes classify(const Cpu& cpu, const char* text, CsvIndex::Masks* masks, std::size_t words) {
#if defined(__x86_64__)
  if (cpu.avx2) return classify_avx2(text, masks, words);
#endif
  static_cast<void>(cpu);
  return classify_portable(text, masks, words);
}

}  // namespace

void index_csv(const Cpu& cpu, std::string_view text, CsvIndex& index) {
  const std::size_t whole = text.size() / kWord, words = (text.size() + kWord - 1) / kWord;
  index.ends.resize(std::max(index.ends.size(), text.size() + kWord));
  index.masks.resize(std::max(index.masks.size(), words));
  index.cells = index.records = index.bytes = 0;
  Bytes seen = classify(cpu, text.data(), index.masks.data(), whole);
  const std::size_t last = text.size() - whole * kWord;
  if (last != 0) {
    char rest[kWord];
    std::memset(rest, ' ', kWord);
    std::memcpy(rest, text.data() + whole * kWord, last);
    const Bytes more = classify(cpu, rest, index.masks.data() + whole, 1);
    seen = {seen.nul || more.nul, seen.high || more.high};
  }
  const auto counts = static_cast<unsigned>(last == 0 ? kWord : last);
#if defined(__x86_64__)
  if (cpu.avx2) {
    mark_avx2(index, words, counts);
  } else
#endif
    mark(index, words, counts);
  index.odd = index.odd || seen.nul;
  index.ascii = !seen.high;
}

}  // namespace assay
