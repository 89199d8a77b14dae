// SPDX-License-Identifier: Apache-2.0
// The way from local files to a new version, shared by every command that publishes.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "registry/cli/collect_files.h"
#include "registry/client/api_client.h"

namespace assay::cli {

struct Uploaded {
  std::uint64_t sent_bytes = 0;  // that travelled
  std::size_t known_files = 0;   // the registry had their bytes already
};

// Makes the registry hold all files. Bytes that a file of `alike` has, versions whose files these resemble
// (the likeliest first), are not sent again.
Uploaded upload_files(client::ApiClient& api, const std::vector<CollectedFile>& files,
                      const std::vector<Version>& alike);

struct Pushed {
  Version version;
  bool created = true;  // false: the newest version holds exactly these files
  Uploaded uploaded = {};
};

// Sends all files of a version that is there, and the description that goes with them, as Pushed says, so that
// what is damaged or missing of them in the registry is replaced. Throws not_found when no version of that name
// holds exactly these files.
Pushed resend_files(client::ApiClient& api, Kind kind, const Name& name,
                    const std::vector<CollectedFile>& files);

// Uploads what the registry does not hold and publishes; a newest version with the same files is answered
// instead. The files are compared with the newest version's, and before that with `parent`'s.
Pushed publish_files(client::ApiClient& api, Kind kind, const Name& name,
                     const std::vector<CollectedFile>& files, client::PublishDetails details,
                     const std::optional<Version>& parent = std::nullopt);

}  // namespace assay::cli
