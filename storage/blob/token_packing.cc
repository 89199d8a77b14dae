// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/token_packing.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "storage/base/error.h"

namespace assay {
namespace {

// Numbers are in files.
enum class Packing : std::uint8_t { gaps = 0, bytes = 1, nibbles = 2 };

constexpr unsigned kEscape = 15;       // a nibble that says: see the others
constexpr std::size_t kLongGap = 255;  // a gap that says: so many zeros and no token yet
constexpr std::uint64_t kOnes = 0x0101010101010101;

static_assert(std::endian::native == std::endian::little);  // the first byte of a word is its lowest

[[noreturn]] void corrupt() {
  throw Error(Code::corrupt, "a chunk's tokens are malformed");
}

Packing choose(std::span<const std::byte> tokens) {
  const std::size_t stride = std::max<std::size_t>(1, tokens.size() / 2048);
  std::size_t sampled = 0;
  std::size_t zeros = 0;
  std::size_t escapes = 0;
  for (std::size_t i = 0; i < tokens.size(); i += stride, ++sampled) {
    zeros += tokens[i] == std::byte{0};
    escapes += static_cast<unsigned>(tokens[i]) >= kEscape;
  }
  if (zeros * 4 > sampled * 3) return Packing::gaps;
  return zeros * 10 > sampled * 3 && escapes * 50 < sampled ? Packing::nibbles : Packing::bytes;
}

std::uint64_t load_word(const std::byte* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

// Calls visit(i) for every byte i whose top bit is set in marks(word of eight bytes), in order; for what does
// not fill a word it calls visit(i) where marks(the byte alone) says so.
template <typename Marks, typename Visit>
void for_each_marked(std::span<const std::byte> bytes, Marks marks, Visit visit) {
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8)
    for (std::uint64_t left = marks(load_word(bytes.data() + i)) & (kOnes << 7); left != 0; left &= left - 1)
      visit(i + static_cast<std::size_t>(std::countr_zero(left)) / 8);
  for (; i < bytes.size(); ++i)
    if ((marks(static_cast<std::uint64_t>(bytes[i])) & 0x80) != 0) visit(i);
}

constexpr auto kNotZero = [](std::uint64_t word) { return ((word & ~(kOnes << 7)) + kOnes * 0x7F) | word; };
constexpr auto kNoNibble = [](std::uint64_t word) {
  return ((word & ~(kOnes << 7)) + kOnes * (0x80 - kEscape)) | word;
};

void put_nibbles(SectionWriter& writer, std::span<const std::byte> tokens, std::byte* packed,
                 std::byte* others) {
  const std::size_t pairs = tokens.size() / 2;
  for (std::size_t i = 0; i < pairs; ++i) {
    const auto low = std::min<unsigned>(static_cast<std::uint8_t>(tokens[2 * i]), kEscape);
    const auto high = std::min<unsigned>(static_cast<std::uint8_t>(tokens[2 * i + 1]), kEscape);
    packed[i] = static_cast<std::byte>(low | high << 4);
  }
  if (tokens.size() % 2 != 0)
    packed[pairs] = static_cast<std::byte>(std::min(static_cast<unsigned>(tokens.back()), kEscape));
  std::size_t escaped = 0;
  for_each_marked(tokens, kNoNibble, [&](std::size_t i) { others[escaped++] = tokens[i]; });
  writer.put_section({packed, (tokens.size() + 1) / 2});
  writer.put_section({others, escaped});
}

void put_gaps(SectionWriter& writer, std::span<const std::byte> tokens, std::byte* gaps, std::byte* others) {
  std::size_t used = 0;
  std::size_t found = 0;
  std::size_t next = 0;
  for_each_marked(tokens, kNotZero, [&](std::size_t i) {
    for (; i - next >= kLongGap; next += kLongGap) gaps[used++] = static_cast<std::byte>(kLongGap);
    gaps[used++] = static_cast<std::byte>(i - next);
    others[found++] = tokens[i];
    next = i + 1;
  });
  writer.put_section({gaps, used});
  writer.put_section({others, found});
}

void take_nibbles(SectionReader& reader, std::span<std::byte> tokens, std::span<std::byte> packed,
                  std::span<std::byte> room) {
  reader.take_whole_section(packed.first((tokens.size() + 1) / 2));
  const auto others = room.first(reader.take_section(room));
  const std::size_t pairs = tokens.size() / 2;
  for (std::size_t i = 0; i < pairs; ++i) {
    tokens[2 * i] = packed[i] & std::byte{15};
    tokens[2 * i + 1] = packed[i] >> 4;
  }
  if (tokens.size() % 2 != 0) tokens.back() = packed[pairs] & std::byte{15};
  std::size_t used = 0;
  for_each_marked(tokens, kNoNibble, [&](std::size_t i) {
    if (used == others.size()) corrupt();
    tokens[i] = others[used++];
  });
  if (used != others.size()) corrupt();
}

void take_gaps(SectionReader& reader, std::span<std::byte> tokens, std::span<std::byte> packed,
               std::span<std::byte> room) {
  const auto gaps = packed.first(reader.take_section(packed));
  const auto others = room.first(reader.take_section(room));
  std::fill(tokens.begin(), tokens.end(), std::byte{0});
  std::size_t next = 0;
  std::size_t used = 0;
  for (const std::byte gap : gaps) {
    next += static_cast<std::size_t>(gap);
    if (static_cast<std::size_t>(gap) == kLongGap) continue;
    if (next >= tokens.size() || used == others.size()) corrupt();
    tokens[next++] = others[used++];
  }
  if (used != others.size() || next > tokens.size()) corrupt();
}

}  // namespace

void put_tokens(SectionWriter& writer, std::span<const std::byte> tokens, std::span<std::byte> packed,
                std::span<std::byte> others) {
  const Packing packing = choose(tokens);
  writer.put_byte(static_cast<std::uint8_t>(packing));
  if (packing == Packing::bytes) return writer.put_section(tokens);
  writer.put_u32(static_cast<std::uint32_t>(tokens.size()));
  if (packing == Packing::nibbles) return put_nibbles(writer, tokens, packed.data(), others.data());
  put_gaps(writer, tokens, packed.data(), others.data());
}

std::size_t take_tokens(SectionReader& reader, std::span<std::byte> tokens, std::span<std::byte> packed,
                        std::span<std::byte> others) {
  const auto packing = static_cast<Packing>(reader.take_byte());
  if (packing == Packing::bytes) return reader.take_section(tokens);
  if (packing != Packing::nibbles && packing != Packing::gaps) corrupt();
  const std::size_t size = reader.take_u32();
  if (size > tokens.size()) corrupt();
  if (packing == Packing::nibbles)
    take_nibbles(reader, tokens.first(size), packed, others);
  else
    take_gaps(reader, tokens.first(size), packed, others);
  return size;
}

}  // namespace assay
