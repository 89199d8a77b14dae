// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/id.h"

#include <cstdint>

#include "registry/domain/utf8.h"
#include "storage/base/error.h"
#include "storage/env/clock.h"
#include "storage/env/entropy.h"

namespace assay {
namespace {

constexpr std::string_view kDigits = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::int64_t kMaxMilliseconds = (std::int64_t{1} << 48) - 1;

}  // namespace

Id Id::make(Time time, const Random& random) {
  const std::int64_t milliseconds = to_milliseconds(time);
  if (milliseconds < 0 || milliseconds > kMaxMilliseconds)
    throw Error(Code::invalid_argument,
                "An id cannot be made for a time outside 1970 to 10889: set the clock");
  std::array<std::uint8_t, 16> bytes;
  for (std::size_t i = 0; i < 6; ++i) bytes[i] = static_cast<std::uint8_t>(milliseconds >> (40 - 8 * i));
  for (std::size_t i = 0; i < kRandomSize; ++i) bytes[6 + i] = std::to_integer<std::uint8_t>(random[i]);

  // 128 bits in 26 digits of 5: the first digit holds the top 3 bits.
  std::string text(kLength, '0');
  std::uint32_t pending = 0;
  int pending_bits = 2;  // two zero bits in front make 130
  std::size_t digit = 0;
  for (const std::uint8_t byte : bytes) {
    pending = (pending << 8 | byte) & 0xFFF;
    for (pending_bits += 8; pending_bits >= 5; pending_bits -= 5)
      text[digit++] = kDigits[pending >> (pending_bits - 5) & 31];
  }
  return Id(std::move(text));
}

Id Id::parse(std::string_view text) {
  std::string lowered = text.size() == kLength ? std::string(text) : std::string();
  for (char& c : lowered) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (kDigits.find(c) == std::string_view::npos) lowered.clear();
    if (lowered.empty()) break;
  }
  if (lowered.empty() || lowered.front() > '7')
    throw Error(Code::invalid_argument,
                "\"" + std::string(beginning(text)) +
                    "\" is not an id: it has 26 digits and letters, as listings show it");
  return Id(std::move(lowered));
}

Id new_id(const Clock& clock, Entropy& entropy) {
  Id::Random random;
  entropy.fill(random);
  return Id::make(clock.now(), random);
}

}  // namespace assay
