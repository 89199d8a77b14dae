// SPDX-License-Identifier: Apache-2.0
#include "registry/service/savings.h"

#include <nlohmann/json.hpp>

#include "registry/catalog/live_blobs.h"
#include "registry/catalog/quotas.h"
#include "registry/service/record_evidence.h"
#include "registry/service/resolve.h"
#include "storage/base/error.h"
#include "storage/blob/maintenance.h"

namespace assay {
namespace {

using nlohmann::json;

const Maintenance& store_of(const Services& services) {
  if (services.maintenance != nullptr) return *services.maintenance;
  throw Error(Code::unavailable, "This registry's store does not know what it saves");
}

std::uint64_t less(std::uint64_t from, std::uint64_t what) {
  return from > what ? from - what : 0;
}

// A file that several versions have is stored once, as are its chunks that another file has too: both are
// deduplication. What chunks save otherwise is the store's word.
SpaceUse use_of(const Savings& savings, std::int64_t versions, std::uint64_t raw) {
  return {.versions = versions,
          .raw = raw,
          .stored = savings.stored,
          .by_dedup = less(raw, savings.raw) + savings.by_dedup,
          .by_delta = savings.by_delta,
          .by_compression = savings.by_compression};
}

SpaceUse measure(const Services& services, const ArtifactUsage& usage) {
  const auto files = services.database.read(
      [&](Snapshot& snapshot) { return files_of_artifact(snapshot, usage.artifact_id); });
  return use_of(store_of(services).savings(files), usage.versions, usage.bytes);
}

json use_json(const SpaceUse& use) {
  return {{"versions", use.versions},       {"raw_bytes", use.raw},
          {"stored_bytes", use.stored},     {"saved_by_dedup", use.by_dedup},
          {"saved_by_delta", use.by_delta}, {"saved_by_compression", use.by_compression}};
}

}  // namespace

void to_json(json& out, const SavingsReport& report) {
  out = {{"total", use_json(report.total)}, {"artifacts", json::array()}};
  for (const ArtifactSpaceUse& artifact : report.artifacts) {
    json row = use_json(artifact.use);
    row["kind"] = singular(artifact.kind);
    row["namespace"] = artifact.name.namespace_();
    row["name"] = artifact.name.name();
    out["artifacts"].push_back(std::move(row));
  }
}

SavingsReport savings(const Services& services, const Principal& caller, int limit) {
  require_somewhere(caller, Permission::read);
  const ReadableSpaces spaces = readable_spaces(caller);
  SavingsReport report;
  std::vector<ArtifactUsage> largest;
  std::vector<Digest> files;
  services.database.read([&](Snapshot& snapshot) {
    largest = largest_artifacts(snapshot, spaces, limit);
    for (const Quota& quota : list_quotas(snapshot, spaces)) {
      report.total.raw += quota.used;
      report.total.versions += quota.versions;
    }
    files = files_in_spaces(snapshot, spaces);
  });
  report.total = use_of(store_of(services).savings(files), report.total.versions, report.total.raw);
  for (const ArtifactUsage& usage : largest)
    report.artifacts.push_back({usage.kind, usage.name, measure(services, usage)});
  return report;
}

SavingsReport savings_of(const Services& services, const Principal& caller, Kind kind, const Name& name) {
  require(caller, Permission::read, name.space());
  const ArtifactUsage usage = services.database.read([&](Snapshot& snapshot) {
    auto found = find_usage(snapshot, kind, name);
    if (!found) throw no_artifact(snapshot, kind, name);
    return *std::move(found);
  });
  SavingsReport report;
  report.total = measure(services, usage);
  report.artifacts.push_back({usage.kind, usage.name, report.total});
  return report;
}

}  // namespace assay
