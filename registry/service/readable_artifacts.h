// SPDX-License-Identifier: Apache-2.0
// Compute's port on the registry itself, for work that the server does on somebody's behalf: whatever the caller may
// read, and nothing else.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "registry/access/principal.h"
#include "registry/compute/ports.h"
#include "registry/service/services.h"
#include "storage/base/byte_size.h"

namespace assay {

// Tables are read into memory, in the server's own process.
inline constexpr std::uint64_t kMaxServerFile = kGiB;

// Borrows all but the caller. `copies` brings files to this machine. One thread at a time.
class ReadableArtifacts final : public Artifacts {
 public:
  ReadableArtifacts(const Services& services, Principal caller, Artifacts& copies);

  ArtifactVersion resolve(Kind kind, std::string_view reference) override;
  ArtifactVersion resolve_input(const ArtifactVersion& model, const Digest& dataset) override;
  // Throws too_large past kMaxServerFile.
  std::filesystem::path fetch(const ArtifactVersion& version, const ArtifactFile& file) override;
  // Throws unsupported: nothing is trained here.
  ArtifactVersion publish_model(std::string_view name, const std::vector<NewFile>& files, const Id& run) override;

 private:
  ArtifactVersion resolve_digest(Kind kind, const Digest& digest);

  const Services services_;
  const Principal caller_;
  Artifacts& copies_;
};

}  // namespace assay
