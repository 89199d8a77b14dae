// SPDX-License-Identifier: Apache-2.0
#include "registry/service/lease.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "registry/catalog/audit.h"
#include "registry/catalog/database.h"
#include "registry/catalog/leases.h"
#include "registry/domain/canonical_json.h"
#include "registry/service/stage_move.h"
#include "storage/base/error.h"
#include "storage/env/clock.h"

namespace assay {
namespace {

// Who must not be disturbed.
void check_free(Snapshot& snapshot, const Principal& caller, const Name& model, const StageName& stage, Time now) {
  const auto held = find_lease(snapshot, model, stage, now);
  if (!held || held->token == caller.id) return;
  throw Error(Code::conflict, fmt::format("{} holds {}@{} until {}{}: wait, or ask them to give it back", held->holder,
                                          model.text(), stage.text(), format_time(held->until),
                                          held->reason.empty() ? "" : " (" + held->reason + ")"));
}

void record(Transaction& transaction, const Principal& caller, const Name& model, const StageName& stage,
            const Lease& lease, Time now, const char* action) {
  append_lease(transaction, model, stage, lease, now);
  append_audit(transaction, {.time = now,
                             .actor = caller.name,
                             .action = action,
                             .subject = fmt::format("models/{}/stages/{}", model.text(), stage.text()),
                             .details = canonical({{"until", format_time(lease.until)},
                                                   {"reason", lease.reason},
                                                   {"token", caller.id.text()}})});
}

}  // namespace

LeaseRequest parse_lease_request(std::string_view body) {
  const nlohmann::json document = parse_json(body, "the request body");
  JsonObject object(document, "the request body");
  LeaseRequest request{parse_duration(object.text("for")), reason_from(object)};
  object.finish();
  if (request.length > Lease::kLongest)
    throw Error(Code::invalid_argument,
                fmt::format("A lease lasts at most {} days: take it anew before it ends", Lease::kLongest.count()));
  return request;
}

Lease take_lease(const Services& services, const Principal& caller, const Name& model, const StageName& stage,
                 const LeaseRequest& request) {
  require(caller, Permission::promote, model.space());
  const Time now = services.clock.now();
  const Lease lease{.token = caller.id, .holder = caller.name, .reason = request.reason, .until = now + request.length};
  return services.database.write([&](Transaction& transaction) {
    check_free(transaction, caller, model, stage, now);
    record(transaction, caller, model, stage, lease, now, "take_lease");
    return lease;
  });
}

void give_back_lease(const Services& services, const Principal& caller, const Name& model, const StageName& stage) {
  require(caller, Permission::promote, model.space());
  const Time now = services.clock.now();
  services.database.write([&](Transaction& transaction) {
    auto held = find_lease(transaction, model, stage, now);
    if (!held) return;
    if (!caller.may(Permission::admin, model.space())) check_free(transaction, caller, model, stage, now);
    held->until = now;
    record(transaction, caller, model, stage, *held, now, "give_back_lease");
  });
}

std::optional<Lease> show_lease(const Services& services, const Principal& caller, const Name& model,
                                const StageName& stage) {
  require(caller, Permission::read, model.space());
  return services.database.read(
      [&](Snapshot& snapshot) { return find_lease(snapshot, model, stage, services.clock.now()); });
}

}  // namespace assay
