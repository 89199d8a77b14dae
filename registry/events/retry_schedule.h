// SPDX-License-Identifier: Apache-2.0
// When a delivery that failed is tried again: soon at first, for receivers that restart, then ever later, for those that
// are down; twelve tries over three and a half hours.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>

namespace assay {

inline constexpr std::size_t kMaxAttempts = 12;
inline constexpr std::chrono::seconds kFirstRetry{10};  // doubled each time
inline constexpr std::chrono::seconds kLongestRetry{3600};

// The wait after so many failed attempts; nothing: it is given up.
constexpr std::optional<std::chrono::seconds> retry_after(std::size_t attempts) {
  if (attempts == 0 || attempts >= kMaxAttempts) return std::nullopt;
  return std::min(kFirstRetry * (1 << (attempts - 1)), kLongestRetry);
}

}  // namespace assay
