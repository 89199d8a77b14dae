// SPDX-License-Identifier: Apache-2.0
// Artifacts and their versions: what was published, immutable and numbered, as the API shows it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "registry/domain/file_path.h"
#include "registry/domain/id.h"
#include "registry/domain/kind.h"
#include "registry/domain/name.h"
#include "registry/domain/reference.h"
#include "registry/domain/time.h"
#include "storage/base/digest.h"

namespace assay {

inline constexpr std::size_t kMaxFiles = 10'000;  // with long paths still within OCI's 4 MiB of manifest
inline constexpr std::size_t kMaxLabels = 64;     // labels are for search, not for storage
inline constexpr std::size_t kMaxLabelKeyLength = 128;
inline constexpr std::size_t kMaxLabelLength = 1024;  // bytes of a value
inline constexpr std::size_t kMaxProfileBytes = 1 << 20;

using Labels = std::map<std::string, std::string>;

struct VersionFile {
  FilePath path;
  Digest digest;
  std::uint64_t size = 0;  // bytes
  std::string media_type;  // of the manifest's layer
};

struct Version {
  std::int64_t id = 0;  // the catalogue's own key; never shown
  Kind kind = Kind::model;
  Name name;
  VersionNumber number = 0;
  Digest digest;  // of the manifest
  Time created_at;
  std::string created_by;  // the principal's name
  std::vector<VersionFile> files;
  Labels labels;
  std::optional<std::string> profile;  // canonical JSON: what the client says of the table inside
  std::optional<Id> run_id;            // the run that made it
  std::vector<std::string> stages;     // those that point here now, sorted

  std::uint64_t size() const;  // bytes of all files
  std::string reference() const { return reference_text(name, number); }
};

struct Artifact {
  Kind kind = Kind::model;
  Name name;
  std::optional<Version> latest;
  std::int64_t version_count = 0;
  std::map<std::string, VersionNumber> stages;
  Time created_at;
};

// {"path","digest","size","media_type"}
void to_json(nlohmann::json& json, const VersionFile& file);
// {"kind","namespace","name","number","reference","digest","created_at","created_by","files","size","labels",
//  "profile","run_id","stages"}
void to_json(nlohmann::json& json, const Version& version);
// {"kind","namespace","name","latest","version_count","stages","created_at"}
void to_json(nlohmann::json& json, const Artifact& artifact);

}  // namespace assay
