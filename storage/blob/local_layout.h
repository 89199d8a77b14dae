// SPDX-License-Identifier: Apache-2.0
// Where things are in a local blob store's directory: FORMAT.md, "The directory".
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "storage/base/digest.h"
#include "storage/base/error.h"

namespace assay::layout {

inline constexpr std::string_view kFormatFile = "format";
inline constexpr std::string_view kFormatText = "assay blob store 0\n";
inline constexpr std::string_view kBlobs = "sha256";
inline constexpr std::string_view kTemps = "tmp";

// "sha256/ab" for 0xab.
inline std::string shard(unsigned byte) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  return std::string(kBlobs) + "/" + kDigits[byte >> 4 & 15] + kDigits[byte & 15];
}

inline std::string shard(const Digest& digest) {
  return shard(digest.bytes()[0]);
}

inline std::string blob(const Digest& digest) {
  return shard(digest) + "/" + digest.hex();
}

inline std::string temp(std::string_view name) {
  return std::string(kTemps) + "/" + std::string(name);
}

// The digest that a file in a shard is named after; none when it is not named as a blob of that shard is.
inline std::optional<Digest> digest_of(unsigned shard_byte, std::string_view file_name) {
  try {
    const Digest digest = Digest::parse("sha256:" + std::string(file_name));
    if (digest.bytes()[0] == shard_byte) return digest;
  } catch (const Error&) {
  }
  return std::nullopt;
}

}  // namespace assay::layout
