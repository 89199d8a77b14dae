// SPDX-License-Identifier: Apache-2.0
// The canonical description of a version's files: an OCI image manifest in the ModelPack form. Its SHA-256 is
// the version's digest, so it holds no time, number, label or name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "registry/domain/artifact.h"

namespace assay {

inline constexpr std::string_view kManifestMediaType = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view kModelManifestType = "application/vnd.cncf.model.manifest.v1+json";
inline constexpr std::string_view kModelConfigMediaType = "application/vnd.cncf.model.config.v1+json";
inline constexpr std::string_view kFilePathAnnotation = "org.cncf.model.filepath";
inline constexpr std::size_t kMaxManifestBytes = 4 << 20;  // OCI registries take no more

class Manifest {
 public:
  // Sorts the files by path and chooses their media types (what `files` says of them is ignored). Equal kinds
  // and files give equal bytes. Throws invalid_argument for no file, a doubled path or a path that is also
  // another's folder, and too_large beyond kMaxFiles or kMaxManifestBytes.
  static Manifest build(Kind kind, std::vector<VersionFile> files);

  // A manifest as stored: the bytes are kept as they are. Throws invalid_argument when it is not one of the
  // form above.
  static Manifest parse(std::string bytes);

  const std::string& bytes() const { return bytes_; }
  const Digest& digest() const { return digest_; }
  const std::vector<VersionFile>& files() const { return files_; }  // in layer order
  const Digest& config_digest() const { return config_digest_; }
  std::uint64_t config_size() const { return config_size_; }
  // The config blob's bytes, which must be stored beside the files. Empty after `parse`.
  const std::string& config() const { return config_; }

 private:
  Manifest(std::string bytes, std::vector<VersionFile> files, const Digest& config_digest,
           std::uint64_t config_size, std::string config);

  std::string bytes_;
  Digest digest_;
  std::vector<VersionFile> files_;
  Digest config_digest_;
  std::uint64_t config_size_;
  std::string config_;
};

// A version's manifest as it is served: the exact bytes that its digest names.
struct StoredManifest {
  Digest digest;
  std::string media_type;
  std::string bytes;
};

// The layer media type of a file: datasets are all dataset, plugins all code, a model's files go by
// extension.
std::string_view layer_media_type(Kind kind, const FilePath& path);

}  // namespace assay
