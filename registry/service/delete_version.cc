// SPDX-License-Identifier: Apache-2.0
#include "registry/service/delete_version.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "registry/catalog/audit.h"
#include "registry/catalog/dependants.h"
#include "registry/catalog/events.h"
#include "registry/catalog/versions.h"
#include "registry/domain/canonical_json.h"
#include "registry/domain/event.h"
#include "registry/service/resolve.h"
#include "storage/base/error.h"
#include "storage/env/clock.h"

namespace assay {
namespace {

constexpr int kShownDependants = 5;  // what fits a message; the first are deleted first anyway

void require_fixed(const Selector& selector) {
  if (std::holds_alternative<VersionNumber>(selector.value()) ||
      std::holds_alternative<Digest>(selector.value()))
    return;
  throw Error(
      Code::invalid_argument,
      fmt::format("\"{}\" moves: name the version to delete by its number or its digest", selector.text()));
}

void refuse_in_use(Snapshot& snapshot, const Principal& caller, const Version& version) {
  const std::string what = fmt::format("{} {}", singular(version.kind), version.reference());
  if (!version.stages.empty())
    throw Error(Code::conflict,
                fmt::format("{} cannot be deleted: {}@{} points to it; promote another version there first",
                            what, version.name.text(), fmt::join(version.stages, ", ")));
  const auto dependants = dependants_of(snapshot, version, kShownDependants);
  if (dependants.empty()) return;
  std::vector<std::string> shown;
  for (const Dependant& dependant : dependants)
    shown.push_back(caller.may(Permission::read, dependant.space)
                        ? dependant.what
                        : "something that you may not read needs it");
  throw Error(Code::conflict, fmt::format("{} cannot be deleted: {}; delete or change that first", what,
                                          fmt::join(shown, ", ")));
}

}  // namespace

void to_json(nlohmann::json& json, const Tombstone& tombstone) {
  const Version& version = tombstone.version;
  json = {{"kind", singular(version.kind)},   {"namespace", version.name.namespace_()},
          {"name", version.name.name()},      {"number", version.number},
          {"reference", version.reference()}, {"digest", version.digest.text()},
          {"size", version.size()},           {"deleted_at", format_time(tombstone.deleted_at)}};
}

Tombstone delete_version(const Services& services, const Principal& caller, Kind kind, const Name& name,
                         const Selector& selector) {
  require(caller, Permission::delete_, name.space());
  require_fixed(selector);
  const Time now = services.clock.now();
  const Id event = new_id(services.clock, services.entropy);
  return services.database.write([&](Transaction& transaction) -> Tombstone {
    Version version = resolve(transaction, kind, name, selector);
    refuse_in_use(transaction, caller, version);
    delete_version(transaction, version.id, now);
    append_audit(transaction, {.time = now,
                               .actor = caller.name,
                               .action = "delete",
                               .subject = fmt::format("{}/{}", plural(kind), version.reference()),
                               .details = canonical({{"digest", version.digest.text()},
                                                     {"size", version.size()},
                                                     {"token", caller.id.text()}})});
    append_event(transaction, name.space(), deleted_event(version, caller.name, now, event));
    return {std::move(version), now};
  });
}

}  // namespace assay
