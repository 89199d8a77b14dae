// SPDX-License-Identifier: Apache-2.0
// The name of some bytes: their SHA-256, written `sha256:<64 lower-case hex digits>`.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace assay {

class Digest {
 public:
  static constexpr std::size_t kSize = 32;
  using Bytes = std::array<unsigned char, kSize>;

  explicit Digest(const Bytes& bytes) : bytes_(bytes) {}

  // Throws invalid_argument unless `text` is exactly `sha256:` and 64 lower-case hex digits.
  static Digest parse(std::string_view text);
  // The digest of `bytes`.
  static Digest of(std::span<const std::byte> bytes);
  static Digest of(std::string_view bytes);

  const Bytes& bytes() const { return bytes_; }
  std::string hex() const;         // 64 digits
  std::string text() const;        // sha256:…
  std::string short_text() const;  // sha256: and 12 digits, for people

  auto operator<=>(const Digest&) const = default;

 private:
  Bytes bytes_;
};

}  // namespace assay

template <>
struct std::hash<assay::Digest> {
  std::size_t operator()(const assay::Digest& digest) const noexcept;
};
