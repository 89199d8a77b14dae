// SPDX-License-Identifier: Apache-2.0
#include "registry/service/stats.h"

#include <nlohmann/json.hpp>

#include "registry/catalog/artifacts.h"
#include "registry/catalog/versions.h"
#include "storage/blob/blob_store.h"

namespace assay {

void to_json(nlohmann::json& json, const Stats& stats) {
  json = {{"blobs", stats.blobs},      {"raw_bytes", stats.raw_bytes}, {"stored_bytes", stats.stored_bytes},
          {"models", stats.models},    {"datasets", stats.datasets},   {"plugins", stats.plugins},
          {"versions", stats.versions}};
}

Stats stats(const Services& services, const Principal& caller) {
  require_somewhere(caller, Permission::read);
  const BlobTotals totals = services.blobs.totals();
  return services.database.read([&](Snapshot& snapshot) {
    return Stats{.blobs = static_cast<std::int64_t>(totals.blobs),
                 .raw_bytes = static_cast<std::int64_t>(totals.raw_bytes),
                 .stored_bytes = static_cast<std::int64_t>(totals.stored_bytes),
                 .models = count_artifacts(snapshot, Kind::model),
                 .datasets = count_artifacts(snapshot, Kind::dataset),
                 .plugins = count_artifacts(snapshot, Kind::plugin),
                 .versions = count_versions(snapshot)};
  });
}

}  // namespace assay
