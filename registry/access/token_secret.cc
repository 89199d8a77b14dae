// SPDX-License-Identifier: Apache-2.0
#include "registry/access/token_secret.h"

#include <array>
#include <cstdint>

#include "storage/base/error.h"
#include "storage/env/entropy.h"

namespace assay {
namespace {

constexpr std::string_view kPrefix = "assay_";
constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t kSecretSize = 32;     // bytes
constexpr std::size_t kSecretDigits = 43;   // 62^43 > 2^256
constexpr std::size_t kChecksumDigits = 6;  // 62^6 > 2^32

// Big-endian bytes as a number in base 62, by long division.
std::string base62(std::array<unsigned char, kSecretSize> number) {
  std::string out(kSecretDigits, kDigits[0]);
  for (std::size_t digit = kSecretDigits; digit-- > 0;) {
    unsigned rest = 0;
    for (unsigned char& byte : number) {
      rest = rest << 8 | byte;
      byte = static_cast<unsigned char>(rest / 62);
      rest %= 62;
    }
    out[digit] = kDigits[rest];
  }
  return out;
}

std::string checksum(std::string_view text) {
  const Digest digest = Digest::of(text);
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | digest.bytes()[i];
  std::string out(kChecksumDigits, kDigits[0]);
  for (std::size_t digit = kChecksumDigits; digit-- > 0; value /= 62) out[digit] = kDigits[value % 62];
  return out;
}

}  // namespace

TokenSecret TokenSecret::make(Entropy& entropy) {
  std::array<unsigned char, kSecretSize> bytes;
  entropy.fill(std::as_writable_bytes(std::span(bytes)));
  const std::string text = std::string(kPrefix) + base62(bytes);
  return TokenSecret(text + checksum(text));
}

TokenSecret TokenSecret::parse(std::string_view text) {
  const std::size_t length = kPrefix.size() + kSecretDigits;
  if (text.size() != length + kChecksumDigits || !text.starts_with(kPrefix) ||
      text.find_first_not_of(kDigits, kPrefix.size()) != std::string_view::npos ||
      text.substr(length) != checksum(text.substr(0, length)))
    throw Error(Code::invalid_argument,
                "That is not an Assay token: copy it whole, from assay_ to its last letter");
  return TokenSecret(std::string(text));
}

}  // namespace assay
