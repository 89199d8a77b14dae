// SPDX-License-Identifier: Apache-2.0
// A version as a search shows it: without its files, with the metrics and parameters that the search speaks of.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "registry/domain/artifact.h"

namespace assay {

struct FoundVersion {
  Kind kind = Kind::model;
  Name name;
  VersionNumber number = 0;
  Digest digest;
  Time created_at;
  std::string created_by;
  std::uint64_t size = 0;  // bytes of all files
  Labels labels;
  std::vector<std::string> stages;                // those that point here now, sorted
  std::optional<std::string> plugin;              // of the run that made it
  std::map<std::string, double> metrics;          // those that it has
  std::map<std::string, std::string> params;      // the same, as JSON would write them, texts without quotes

  std::string reference() const { return reference_text(name, number); }
};

// {"kind","namespace","name","number","reference","digest","created_at","created_by","size","labels","stages","plugin",
//  "metrics","params"}
void to_json(nlohmann::json& json, const FoundVersion& version);

}  // namespace assay
