// SPDX-License-Identifier: Apache-2.0
#include "registry/cli/publish_files.h"

#include <set>

#include "registry/cli/progress.h"
#include "registry/domain/manifest.h"

namespace assay::cli {

Pushed publish_files(client::ApiClient& api, Kind kind, const Name& name,
                     const std::vector<CollectedFile>& files, client::PublishDetails details) {
  // Equal files have an equal manifest, so a push that changes nothing is seen before a byte travels.
  const Manifest manifest = Manifest::build(kind, version_files(files));
  if (const auto artifact = api.find_artifact(kind, name);
      artifact && artifact->latest && artifact->latest->digest == manifest.digest())
    return {*artifact->latest, false};
  std::uint64_t sent_bytes = 0;
  std::size_t known_files = 0;
  std::set<Digest> settled;
  for (const CollectedFile& file : files) {
    if (!settled.insert(file.file.digest).second) continue;
    if (api.has_blob(file.file.digest)) {
      ++known_files;
      continue;
    }
    ProgressLine line(file.path.text());
    client::upload(api.session(), file.file, [&](auto done, auto total) { line.bytes(done, total); });
    sent_bytes += file.file.size;
  }
  details.if_changed = true;
  client::Published published = api.publish(kind, name, version_files(files), details);
  return {std::move(published.version), published.created, sent_bytes, known_files};
}

}  // namespace assay::cli
