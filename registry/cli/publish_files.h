// SPDX-License-Identifier: Apache-2.0
// The way from local files to a new version, shared by every command that publishes.
#pragma once

#include <cstdint>
#include <vector>

#include "registry/cli/collect_files.h"
#include "registry/client/api_client.h"

namespace assay::cli {

struct Pushed {
  Version version;
  bool created = true;           // false: the newest version holds exactly these files
  std::uint64_t sent_bytes = 0;  // uploaded now
  std::size_t known_files = 0;   // the registry had their bytes already
};

// Uploads what the registry does not hold and publishes; a newest version with the same files is answered
// instead.
Pushed publish_files(client::ApiClient& api, Kind kind, const Name& name,
                     const std::vector<CollectedFile>& files, client::PublishDetails details);

}  // namespace assay::cli
