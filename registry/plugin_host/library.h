// SPDX-License-Identifier: Apache-2.0
// A plugin's library, read once: hashed, looked into, and put where a worker loads it from. What was hashed
// is what runs, even if the file changes meanwhile.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "registry/compute/ports.h"
#include "registry/plugin_host/signature.h"
#include "storage/env/unique_fd.h"

namespace assay {

inline constexpr std::uint64_t kMaxLibraryBytes = 1ull << 30;  // a plugin with everything linked in

class PluginLibrary {
 public:
  // Throws not_found and the like for the file, as read_descriptor for what is in it, and denied when none of
  // `keys` signed it.
  static std::shared_ptr<const PluginLibrary> open(const std::filesystem::path& file, std::string origin,
                                                   const TrustedKeys& keys = {});

  const PluginInfo& info() const { return info_; }
  // A memory file that nobody can write to or resize any more.
  int fd() const { return memory_.get(); }

 private:
  PluginLibrary(PluginInfo info, UniqueFd memory) : info_(std::move(info)), memory_(std::move(memory)) {}

  PluginInfo info_;
  UniqueFd memory_;
};

// The bytes of a library file. Throws too_large past kMaxLibraryBytes.
std::string read_library(const std::filesystem::path& file);
// A sealed memory file with those bytes.
UniqueFd seal_in_memory(std::string_view bytes, const std::string& name);

}  // namespace assay
