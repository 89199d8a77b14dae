// SPDX-License-Identifier: Apache-2.0
// Where things are in a local blob store's directory: FORMAT.md, "The directory".
#pragma once

#include <string>
#include <string_view>

namespace assay::layout {

inline constexpr std::string_view kFormatFile = "format";
inline constexpr std::string_view kFormatText = "assay blob store 1\n";
inline constexpr std::string_view kPacks = "packs";
inline constexpr std::string_view kDead = "dead";
inline constexpr std::string_view kDamaged = "damaged";
inline constexpr std::string_view kTemps = "tmp";
inline constexpr std::string_view kQuarantine = "quarantine";

inline constexpr std::string_view kSealed = ".pack";
inline constexpr std::string_view kOpen = ".open";

inline std::string sealed_pack(std::string_view name) {
  return std::string(kPacks) + "/" + std::string(name) + std::string(kSealed);
}

inline std::string open_pack(std::string_view name) {
  return std::string(kPacks) + "/" + std::string(name) + std::string(kOpen);
}

inline std::string temp(std::string_view name) {
  return std::string(kTemps) + "/" + std::string(name);
}

}  // namespace assay::layout
