// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/utf8.h"

namespace assay {

std::optional<std::uint32_t> take_code_point(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0x80       ? 1
                             : lead >> 5 == 6  ? 2
                             : lead >> 4 == 14 ? 3
                             : lead >> 3 == 30 ? 4
                                               : 0;
  if (length == 0 || text.size() < length) return std::nullopt;
  std::uint32_t point = length == 1 ? lead : lead & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if (next >> 6 != 2) return std::nullopt;
    point = point << 6 | (next & 0x3Fu);
  }
  constexpr std::uint32_t kFirst[] = {0, 0, 0x80, 0x800, 0x10000};  // smallest that needs that many bytes
  if (point < kFirst[length] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return std::nullopt;
  text.remove_prefix(length);
  return point;
}

bool is_invisible(std::uint32_t point) {
  return point < 0x20 || (point >= 0x7F && point <= 0x9F) || (point >= 0x200E && point <= 0x200F) ||
         (point >= 0x2028 && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069) || point == 0x61C || point == 0xFEFF;
}

std::string_view beginning(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  const auto inside = [&](std::size_t at) { return static_cast<unsigned char>(text[at]) >> 6 == 2; };
  std::size_t end = bytes;
  // The first byte left out starts a character, or the one that it belongs to is left out whole. No character has more
  // than three such bytes.
  while (end > 0 && bytes - end < 3 && inside(end)) --end;
  return text.substr(0, end);
}

}  // namespace assay
