// SPDX-License-Identifier: Apache-2.0
// What a plugin writes during a call, kept aside until the call has succeeded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "registry/compute/bundle.h"

namespace assay {

// One thread at a time. Every refusal is an Error in the words that a plugin is told.
class BundleStage {
 public:
  static constexpr std::size_t kMaxEntries = 10'000;            // as many as a version may have files
  static constexpr std::uint64_t kMaxBundleBytes = 4ull << 30;  // staged in memory until the call succeeds

  // One entry at a time: open, write, then finish or abort.
  void open(std::string name, std::string media_type);
  void write(std::string_view bytes);
  void finish();
  void abort() { open_.reset(); }

  // The finished entries. Call it once, after a success.
  MemoryBundle take() { return std::move(written_); }

 private:
  struct Open {
    std::string name, media_type, bytes;
  };
  MemoryBundle written_;
  std::uint64_t written_bytes_ = 0;
  std::optional<Open> open_;
};

}  // namespace assay
