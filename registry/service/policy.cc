// SPDX-License-Identifier: Apache-2.0
#include "registry/service/policy.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "registry/catalog/audit.h"
#include "registry/catalog/database.h"
#include "registry/catalog/policies.h"
#include "registry/catalog/stages.h"
#include "registry/domain/canonical_json.h"
#include "registry/domain/json_reader.h"
#include "registry/service/resolve.h"
#include "registry/service/signatures.h"
#include "storage/base/error.h"
#include "storage/env/clock.h"
#include "storage/env/time_zone.h"

namespace assay {
namespace {

// The caller must be able to read what the policy will be judged on.
PolicyDataset resolve_dataset(Snapshot& snapshot, const Principal& caller, const PolicyDataset& named) {
  const Reference reference = Reference::parse(named.reference);
  require(caller, Permission::read, reference.name.space());
  const Version version = resolve(snapshot, Kind::dataset, reference.name, reference.selector);
  if (named.digest && *named.digest != version.digest)
    throw Error(
        Code::invalid_argument,
        fmt::format("policy: {} is {}, not the dataset_digest given: leave that out, it is filled in here",
                    version.reference(), version.digest.text()));
  return {.reference = version.reference(), .digest = version.digest};
}

// A ring of stages could never be entered.
void refuse_ring(Snapshot& snapshot, const Name& model, const Policy& policy) {
  std::optional<StageName> before = policy.from();
  std::string path = policy.stage().text();
  for (int steps = 0; before && steps < 100; ++steps) {
    path += " from " + before->text();
    if (*before == policy.stage())
      throw Error(
          Code::invalid_argument,
          fmt::format("policy: the stages would form a ring ({}): no version could ever enter it", path));
    const auto next = find_policy(snapshot, model, *before);
    before = next ? next->from() : std::nullopt;
  }
}

}  // namespace

nlohmann::json policy_answer(const Policy& policy) {
  return {{"digest", policy.digest().text()}, {"policy", policy}};
}

Policy resolve_policy(Snapshot& snapshot, const Principal& caller, const Name& model, const Policy& policy) {
  for (const PolicyRule& rule : policy.rules())
    if (const auto* artifact = std::get_if<ArtifactRule>(&rule))
      require_trusted_keys(snapshot, model.space(), artifact->signed_by);
  return policy.resolved(
      [&](const PolicyDataset& named) { return resolve_dataset(snapshot, caller, named); });
}

Policy set_policy(const Services& services, const Principal& caller, const Name& model,
                  const StageName& stage, std::string_view body) {
  require(caller, Permission::admin, model.space());
  const Policy written = Policy::parse(parse_json(body, "the policy"));
  if (!(written.stage() == stage))
    throw Error(Code::invalid_argument,
                fmt::format("policy: its stage is \"{}\", and it is set on \"{}\": make them "
                            "the same",
                            written.stage().text(), stage.text()));
  const Time now = services.clock.now();
  for (const FreezeWindow& window : written.freeze()) TimeZone::find(window.zone());  // throws for an unknown one
  return services.database.write([&](Transaction& transaction) {
    refuse_ring(transaction, model, written);
    const Policy policy = resolve_policy(transaction, caller, model, written);
    put_policy(transaction, model, policy, caller.name, now);
    append_audit(transaction,
                 {.time = now,
                  .actor = caller.name,
                  .action = "set_policy",
                  .subject = fmt::format("models/{}/stages/{}", model.text(), stage.text()),
                  .details = canonical({{"digest", policy.digest().text()}, {"token", caller.id.text()}})});
    return policy;
  });
}

Policy show_policy(const Services& services, const Principal& caller, const Name& model,
                   const StageName& stage) {
  require(caller, Permission::read, model.space());
  auto policy =
      services.database.read([&](Snapshot& snapshot) { return find_policy(snapshot, model, stage); });
  if (policy) return *std::move(policy);
  throw Error(Code::not_found,
              fmt::format("{}@{} has no policy: any version may enter; set one with assay policy set",
                          model.text(), stage.text()));
}

}  // namespace assay
