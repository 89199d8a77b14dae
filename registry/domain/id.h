// SPDX-License-Identifier: Apache-2.0
// The identity of a record that has no name of its own (run, evidence, decision, token): a ULID, 26
// lower-case Crockford base-32 digits, so ids sort by the time they were made.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <string>
#include <string_view>

#include "registry/domain/time.h"

namespace assay {

class Clock;
class Entropy;

class Id {
 public:
  static constexpr std::size_t kLength = 26;
  static constexpr std::size_t kRandomSize = 10;
  using Random = std::array<std::byte, kRandomSize>;

  // 48 bits of milliseconds, then 80 random bits. Throws invalid_argument for a time outside 1970 to 10889.
  static Id make(Time time, const Random& random);
  // Upper case is accepted and lowered. Throws invalid_argument unless `text` is a ULID.
  static Id parse(std::string_view text);

  const std::string& text() const { return text_; }

  auto operator<=>(const Id&) const = default;

 private:
  explicit Id(std::string text) : text_(std::move(text)) {}

  std::string text_;
};

// A fresh one for now.
Id new_id(const Clock& clock, Entropy& entropy);

}  // namespace assay
