// SPDX-License-Identifier: Apache-2.0
#include "storage/base/digest.h"

#include <cstring>

#include "storage/base/error.h"
#include "storage/base/paired_sha256.h"

namespace assay {
namespace {

constexpr std::string_view kPrefix = "sha256:";
constexpr std::string_view kDigits = "0123456789abcdef";

}  // namespace

Digest Digest::parse(std::string_view text) {
  const auto fail = [&] {
    return Error(Code::invalid_argument,
                 "\"" + std::string(text.substr(0, 100)) +
                     "\" is not a digest: write sha256: and 64 lower-case hex digits");
  };
  if (text.size() != kPrefix.size() + 2 * kSize || !text.starts_with(kPrefix)) throw fail();
  Bytes bytes;
  for (std::size_t i = 0; i < kSize; ++i) {
    const auto high = kDigits.find(text[kPrefix.size() + 2 * i]);
    const auto low = kDigits.find(text[kPrefix.size() + 2 * i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) throw fail();
    bytes[i] = static_cast<unsigned char>(high << 4 | low);
  }
  return Digest(bytes);
}

Digest Digest::of(std::span<const std::byte> bytes) {
  PairedSha256 hash;
  hash.update_whole(bytes);
  return hash.finish();
}

Digest Digest::of(std::string_view bytes) {
  return of(std::as_bytes(std::span(bytes)));
}

std::string Digest::hex() const {
  std::string out;
  out.reserve(2 * kSize);
  for (const unsigned char byte : bytes_) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

std::string Digest::text() const {
  return std::string(kPrefix) + hex();
}

std::string Digest::short_text() const {
  return text().substr(0, kPrefix.size() + 12);
}

}  // namespace assay

std::size_t std::hash<assay::Digest>::operator()(const assay::Digest& digest) const noexcept {
  std::size_t value;
  std::memcpy(&value, digest.bytes().data(), sizeof value);
  return value;
}
