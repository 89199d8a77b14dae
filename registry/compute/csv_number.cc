// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/csv_number.h"

#include <array>
#include <bit>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace assay {
namespace {

constexpr std::size_t kMostDigits = 19;  // 10^19 is less than 2^64

Decimal decimal(const char* text, std::size_t size) {
  Decimal made{0, 0, false, false, Decimal::Kind::other};
  if (size == 0) return made.kind = Decimal::Kind::null, made;
  made.negative = *text == '-';
  std::size_t digits = 0, point = size;
  for (std::size_t i = made.negative ? 1 : 0; i < size; ++i) {
    const char c = text[i];
    if (c == '.' && point == size) {
      point = i;
      continue;
    }
    if (c < '0' || c > '9' || ++digits > kMostDigits) return made;
    made.digits = made.digits * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (digits == 0) return made;
  made.has_point = point != size;
  made.fraction = static_cast<std::uint8_t>(point == size ? 0 : size - point - 1);
  made.kind = Decimal::Kind::number;
  return made;
}

void read_portable(const CsvWindow& window, std::size_t column, Decimal* out) {
  for (std::size_t i = 0; i < window.records; ++i) {
    const auto [text, size] = window.cell(i, column);
    out[i] = decimal(text, size);
  }
}

#if defined(__x86_64__)
#define ASSAY_AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt")))

struct Part {
  std::uint64_t digits;
  unsigned points;  // how many, 0 or 1 if clean
  unsigned behind;  // bytes behind the point
  bool clean;
};

// `size` bytes, 0 to 16, as digits with at most one point: the point is squeezed out and the rest moved to the right
// end by one shuffle, then pairs, fours and eights are joined.
ASSAY_AVX2 __attribute__((always_inline)) inline Part part(const char* text, unsigned size) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text));
  const __m128i values = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
  const unsigned counts = (1u << size) - 1;
  const auto digits = static_cast<unsigned>(
      _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(values, _mm_set1_epi8(9)), values)));
  const unsigned points =
      static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('.')))) & counts;
  const unsigned behind_point = points == 0 ? 0 : _tzcnt_u32(points) + 1;
  __m128i from = _mm_add_epi8(_mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
                              _mm_set1_epi8(static_cast<char>(static_cast<int>(size) - 16)));
  from = _mm_add_epi8(from, _mm_cmpgt_epi8(_mm_set1_epi8(static_cast<char>(behind_point)), from));
  const __m128i ones = _mm_shuffle_epi8(values, from);  // a negative place gives 0
  const __m128i pairs = _mm_maddubs_epi16(ones, _mm_set1_epi16(0x010A));
  const __m128i fours = _mm_madd_epi16(pairs, _mm_set1_epi32(0x00010064));
  const __m128i eights = _mm_madd_epi16(_mm_packus_epi32(fours, fours), _mm_set1_epi32(0x00012710));
  const auto both = static_cast<std::uint64_t>(_mm_cvtsi128_si64(eights));
  return {(both & 0xFFFFFFFF) * 100'000'000 + (both >> 32), points == 0 ? 0u : 1u,
          points == 0 ? 0 : size - behind_point,
          ((digits | points) & counts) == counts && (points & (points - 1)) == 0};
}

ASSAY_AVX2 void read_avx2(const CsvWindow& window, std::size_t column, Decimal* out) {
  for (std::size_t i = 0; i < window.records; ++i) {
    auto [text, bytes] = window.cell(i, column);
    Decimal& made = out[i];
    made = {0, 0, false, false, Decimal::Kind::other};
    if (bytes == 0) {
      made.kind = Decimal::Kind::null;
      continue;
    }
    const unsigned sign = *text == '-';  // added, not branched on: signs are hard to foresee
    made.negative = sign != 0;
    text += sign;
    if (bytes > kMostDigits + 2) continue;
    const unsigned size = static_cast<unsigned>(bytes) - sign;
    if (size <= 16) {
      const Part all = part(text, size);
      made.digits = all.digits;
      made.fraction = static_cast<std::uint8_t>(all.behind);
      made.has_point = all.points != 0;
      made.kind = all.clean && size > all.points ? Decimal::Kind::number : Decimal::Kind::other;
      continue;
    }
    const Part head = part(text, size - 16), tail = part(text + size - 16, 16);
    const unsigned points = head.points + tail.points;
    if (!head.clean || !tail.clean || points > 1 || size - points > kMostDigits) continue;
    made.digits = head.digits * (tail.points == 0 ? 10'000'000'000'000'000 : 1'000'000'000'000'000) + tail.digits;
    made.has_point = points != 0;
    made.fraction = static_cast<std::uint8_t>(head.points == 0 ? tail.behind : head.behind + 16);
    made.kind = Decimal::Kind::number;
  }
}
#endif

__extension__ using Wide = unsigned __int128;

constexpr std::size_t kPowers = 28;

// 2^(63 + bits) / 10^power rounded down, from 2^63 to 2^64; `bits` is the length of 10^power.
struct Reciprocal {
  std::uint64_t value = 0;
  int bits = 0;
};

constexpr std::array<Reciprocal, kPowers> reciprocals() {
  std::array<Reciprocal, kPowers> table{};
  Wide power = 1;
  for (Reciprocal& entry : table) {
    while ((Wide{1} << entry.bits) < power) ++entry.bits;
    Wide rest = (Wide{1} << entry.bits) - power;
    entry.value = 1;
    for (int bit = 0; bit < 63; ++bit) {
      rest <<= 1;
      entry.value <<= 1;
      if (rest >= power) {
        rest -= power;
        entry.value |= 1;
      }
    }
    power *= 10;
  }
  return table;
}
constexpr std::array<Reciprocal, kPowers> kReciprocals = reciprocals();

}  // namespace

void read_decimals(const Cpu& cpu, const CsvWindow& window, std::size_t column, Decimal* out) {
#if defined(__x86_64__)
  if (cpu.avx2) return read_avx2(window, column, out);
#endif
  static_cast<void>(cpu);
  read_portable(window, column, out);
}

bool wide_quotient(std::uint64_t digits, unsigned fraction, double& value) {
  if (fraction == 0) {
    value = static_cast<double>(digits);
    return true;
  }
  if (fraction >= kPowers || digits == 0) return false;
  const Reciprocal& by = kReciprocals[fraction];
  const int shift = std::countl_zero(digits);
  const auto high = static_cast<std::uint64_t>(static_cast<Wide>(digits << shift) * by.value >> 64);
  // The reciprocal is short by less than 1, hence the true upper half lies in [high, high + 2). Of its 63 or 64
  // bits 53 are kept; the rest decides unless it is the half or just below it.
  const int drop = 10 + static_cast<int>(high >> 63);
  const std::uint64_t half = std::uint64_t{1} << (drop - 1);
  const std::uint64_t rest = high & (2 * half - 1);
  if (rest == half || rest == half - 1) return false;
  const std::uint64_t kept = (high >> drop) + (rest > half ? 1 : 0);
  const int exponent = 1 + drop - by.bits - shift;  // never near the ends of double's range
  value = static_cast<double>(kept) * std::bit_cast<double>(static_cast<std::uint64_t>(1023 + exponent) << 52);
  return true;
}

}  // namespace assay
