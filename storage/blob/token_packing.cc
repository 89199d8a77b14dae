// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/token_packing.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "storage/base/error.h"

namespace assay {
namespace {

[[noreturn]] void corrupt() {
  throw Error(Code::corrupt, "a chunk's tokens are malformed");
}

// How many tokens share a byte, judged by how many of a sample are zero and how many would not fit.
std::size_t choose_per_byte(std::span<const std::byte> tokens) {
  const std::size_t stride = std::max<std::size_t>(1, tokens.size() / 4096);
  std::size_t sampled = 0;
  std::size_t zeros = 0;
  std::size_t beyond_crumb = 0;
  std::size_t beyond_nibble = 0;
  for (std::size_t i = 0; i < tokens.size(); i += stride) {
    const auto token = static_cast<unsigned>(tokens[i]);
    ++sampled;
    zeros += token == 0;
    beyond_crumb += token >= 3;
    beyond_nibble += token >= 15;
  }
  if (zeros * 10 > sampled * 7 && beyond_crumb * 50 < sampled) return 4;
  if (zeros * 10 > sampled * 3 && beyond_nibble * 50 < sampled) return 2;
  return 1;
}

// Returns how many escapes there were.
template <unsigned kPerByte>
std::size_t pack(std::span<const std::byte> tokens, std::byte* packed, std::byte* escapes) {
  constexpr unsigned kBits = 8 / kPerByte;
  constexpr unsigned kEscape = (1U << kBits) - 1;
  std::size_t escaped = 0;
  for (std::size_t i = 0; i < tokens.size(); i += kPerByte) {
    unsigned byte = 0;
    const std::size_t here = std::min<std::size_t>(kPerByte, tokens.size() - i);
    for (unsigned j = 0; j < here; ++j) {
      const auto token = static_cast<unsigned>(tokens[i + j]);
      byte |= std::min(token, kEscape) << (kBits * j);
      escapes[escaped] = tokens[i + j];
      escaped += token >= kEscape;
    }
    packed[i / kPerByte] = static_cast<std::byte>(byte);
  }
  return escaped;
}

// False unless the escapes are exactly as many as are asked for.
template <unsigned kPerByte>
bool unpack(const std::byte* packed, std::span<const std::byte> escapes, std::span<std::byte> tokens) {
  constexpr unsigned kBits = 8 / kPerByte;
  constexpr unsigned kEscape = (1U << kBits) - 1;
  for (std::size_t i = 0; i < tokens.size(); ++i)
    tokens[i] = packed[i / kPerByte] >> (kBits * (i % kPerByte)) & static_cast<std::byte>(kEscape);
  std::size_t used = 0;
  std::byte* const end = tokens.data() + tokens.size();
  for (std::byte* at = tokens.data(); at < end; ++at) {
    at = static_cast<std::byte*>(std::memchr(at, kEscape, static_cast<std::size_t>(end - at)));
    if (at == nullptr) break;
    if (used == escapes.size()) return false;
    *at = escapes[used++];
  }
  return used == escapes.size();
}

}  // namespace

void put_tokens(SectionWriter& writer, std::span<const std::byte> tokens, std::span<std::byte> packed,
                std::span<std::byte> escapes) {
  const std::size_t per_byte = choose_per_byte(tokens);
  writer.put_byte(static_cast<std::uint8_t>(per_byte));
  if (per_byte == 1) return writer.put_section(tokens);
  writer.put_u32(static_cast<std::uint32_t>(tokens.size()));
  const std::size_t escaped = per_byte == 2 ? pack<2>(tokens, packed.data(), escapes.data())
                                            : pack<4>(tokens, packed.data(), escapes.data());
  writer.put_section(packed.first((tokens.size() + per_byte - 1) / per_byte));
  writer.put_section(escapes.first(escaped));
}

std::size_t take_tokens(SectionReader& reader, std::span<std::byte> tokens, std::span<std::byte> packed,
                        std::span<std::byte> escapes) {
  const std::size_t per_byte = reader.take_byte();
  if (per_byte == 1) return reader.take_section(tokens);
  if (per_byte != 2 && per_byte != 4) corrupt();
  const std::size_t size = reader.take_u32();
  if (size > tokens.size()) corrupt();
  reader.take_whole_section(packed.first((size + per_byte - 1) / per_byte));
  const auto escaped = escapes.first(reader.take_section(escapes));
  const bool fits = per_byte == 2 ? unpack<2>(packed.data(), escaped, tokens.first(size))
                                  : unpack<4>(packed.data(), escaped, tokens.first(size));
  if (!fits) corrupt();
  return size;
}

}  // namespace assay
