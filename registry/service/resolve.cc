// SPDX-License-Identifier: Apache-2.0
#include "registry/service/resolve.h"

#include <fmt/format.h>

#include "registry/catalog/artifacts.h"
#include "registry/catalog/stages.h"
#include "registry/catalog/versions.h"
#include "registry/domain/nearest.h"
#include "storage/base/error.h"

namespace assay {
namespace {

std::optional<VersionNumber> number_of_stage(Snapshot& snapshot, const Name& model, const StageName& stage) {
  const auto found = find_stage(snapshot, model, stage);
  if (!found || !found->version) return std::nullopt;
  return found->version->number;
}

std::string known_stages(Snapshot& snapshot, const Name& model, const StageName& wanted) {
  std::vector<std::string> set;
  for (const Stage& stage : list_stages(snapshot, model))
    if (stage.version) set.push_back(stage.name);
  if (set.empty()) return "; none of its stages is set yet";
  return fmt::format("; set are: {}{}", fmt::join(set, ", "), did_you_mean(wanted.text(), set));
}

// What to say when the artifact is there and the version is not.
std::string hint(Snapshot& snapshot, Kind kind, const Name& name, const Selector& selector) {
  if (const auto* stage = std::get_if<StageName>(&selector.value()))
    return kind == Kind::model ? known_stages(snapshot, name, *stage) : "; only models have stages";
  const auto newest = newest_version(snapshot, kind, name);
  if (const auto* number = std::get_if<VersionNumber>(&selector.value()))
    if (const auto gone = deleted_at(snapshot, kind, name, *number))
      return fmt::format("; it was deleted at {}{}", format_time(*gone),
                         newest ? fmt::format(", the newest is {}", newest->number) : std::string());
  return newest ? fmt::format("; the newest is {}", newest->number) : "; it has no versions";
}

}  // namespace

Error no_artifact(Snapshot& snapshot, Kind kind, const Name& name) {
  std::string next = did_you_mean(name.name(), artifact_names(snapshot, kind, name.space()));
  if (next.empty()) next = "; `assay ls` lists what there is";
  return Error(Code::not_found, fmt::format("There is no {} {}{}", singular(kind), name.text(), next));
}

std::optional<VersionNumber> find_number(Snapshot& snapshot, Kind kind, const Name& name,
                                         const Selector& selector) {
  if (const auto* number = std::get_if<VersionNumber>(&selector.value())) return *number;
  if (const auto* digest = std::get_if<Digest>(&selector.value()))
    return find_number(snapshot, kind, name, *digest);
  if (const auto* stage = std::get_if<StageName>(&selector.value()))
    return kind == Kind::model ? number_of_stage(snapshot, name, *stage) : std::nullopt;
  return newest_number(snapshot, kind, name);
}

Version resolve(Snapshot& snapshot, Kind kind, const Name& name, const Selector& selector) {
  if (const auto number = find_number(snapshot, kind, name, selector))
    if (auto found = find_version(snapshot, kind, name, *number)) return *std::move(found);
  const std::string wanted = fmt::format("{} {}", singular(kind), Reference{name, selector}.text());
  if (!find_artifact_id(snapshot, kind, name)) throw no_artifact(snapshot, kind, name);
  throw Error(Code::not_found, fmt::format("There is no {}{}", wanted, hint(snapshot, kind, name, selector)));
}

Version resolve(const Services& services, const Principal& caller, Kind kind, const Name& name,
                const Selector& selector) {
  require(caller, Permission::read, name.space());
  return services.database.read([&](Snapshot& snapshot) { return resolve(snapshot, kind, name, selector); });
}

}  // namespace assay
