// SPDX-License-Identifier: Apache-2.0
// What another registry exported, taken in with its identities: numbers, digests, times and ids stay what they were, and
// what is here already is left alone. Nothing is ever renumbered.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "registry/domain/evidence.h"
#include "registry/domain/run.h"
#include "registry/service/publish.h"

namespace assay {

struct ImportedVersion {
  PublishRequest request;
  VersionNumber number;
  Digest digest;
  Time created_at;
  std::string created_by;
};

struct ImportRequest {
  static constexpr std::size_t kMaxVersions = 1'000;
  static constexpr std::size_t kMaxRecords = 10'000;  // runs, and as many pieces of evidence

  std::vector<ImportedVersion> versions;
  std::vector<Run> runs;
  std::vector<Evidence> evidence;
  bool dry_run = false;
};

// From {"versions","runs","evidence","dry_run"}, as this API shows each, versions with the files' paths, digests and sizes.
// Throws invalid_argument, too_large past the limits.
ImportRequest parse_import_request(std::string_view body);

struct ImportResult {
  std::vector<std::string> imported;   // references
  std::vector<std::string> unchanged;  // that were here already
  std::size_t runs = 0;                // new ones
  std::size_t evidence = 0;
  std::size_t left_out = 0;  // evidence on versions that are not here
};
// {"imported","unchanged","runs","evidence","left_out"}
void to_json(nlohmann::json& json, const ImportResult& result);

// Needs `admin` on the namespace of every version. All of it or nothing. The bytes must have been uploaded before. Evidence
// counts as `reported`: this registry did not see it made. Throws conflict naming every version, run or record that is
// here with another content, or was deleted here; what publish throws for files; invalid_argument for a version whose
// files do not give its digest.
ImportResult import_records(const Services& services, const Principal& caller, const ImportRequest& request);

}  // namespace assay
