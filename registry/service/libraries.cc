// SPDX-License-Identifier: Apache-2.0
#include "registry/service/libraries.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "registry/catalog/audit.h"
#include "registry/catalog/events.h"
#include "registry/catalog/libraries.h"
#include "registry/domain/canonical_json.h"
#include "registry/domain/event.h"
#include "registry/domain/json_reader.h"
#include "registry/service/record_evidence.h"
#include "storage/base/error.h"
#include "storage/env/clock.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr int kMaxRows = 200;            // as lineage shows
constexpr std::size_t kMaxReason = 4096;  // bytes

json versions_json(const std::vector<Version>& versions) {
  json out = json::array();
  for (const Version& version : versions)
    out.push_back({{"kind", singular(version.kind)},
                   {"reference", version.reference()},
                   {"digest", version.digest.text()},
                   {"stages", version.stages}});
  return out;
}

json describe(Snapshot& snapshot, const Principal& caller, const Digest& library) {
  const auto revocation = find_revocation(snapshot, library);
  const ReadableSpaces readable = readable_spaces(caller);
  json revoked;
  if (revocation)
    revoked = {{"reason", revocation->reason}, {"at", format_time(revocation->at)}, {"by", revocation->by}};
  return {{"digest", library.text()},
          {"revoked", std::move(revoked)},
          {"plugins", versions_json(versions_with_library(snapshot, library, readable, kMaxRows))},
          {"made", versions_json(versions_made_with(snapshot, library, readable, kMaxRows))},
          {"judged", versions_json(versions_judged_with(snapshot, library, readable, kMaxRows))}};
}

std::string reason_in(std::string_view body) {
  const json document = parse_json(body, "the request body");
  JsonObject object(document, "the request body");
  std::string reason = object.text("reason");
  object.finish();
  if (reason.empty() || reason.size() > kMaxReason)
    throw Error(Code::invalid_argument, fmt::format("the request body: \"reason\" is 1 to {} bytes that say "
                                                    "why, for whoever meets this later",
                                                    kMaxReason));
  return reason;
}

json change(const Services& services, const Principal& caller, const Digest& library, std::string_view body,
            bool revoked, RequestKey* key) {
  require_everywhere(caller, Permission::admin);
  const Revocation revocation{reason_in(body), services.clock.now(), caller.name};
  const Event event = library_event(library, revoked ? "revoked" : "reinstated", revocation.reason, caller.name,
                                    revocation.at, new_id(services.clock, services.entropy));
  return services.database.write([&](Transaction& transaction) {
    if (find_recorded(transaction, caller, key, revocation.at)) return describe(transaction, caller, library);
    if (find_revocation(transaction, library).has_value() == revoked)
      throw Error(Code::conflict, fmt::format("The library {} is {} already", library.text(),
                                              revoked ? "revoked" : "allowed to run"));
    append_revocation(transaction, library, revoked, revocation);
    append_audit(transaction,
                 {.time = revocation.at,
                  .actor = caller.name,
                  .action = revoked ? "revoke_library" : "reinstate_library",
                  .subject = "libraries/" + library.text(),
                  .details = canonical({{"reason", revocation.reason}, {"token", caller.id.text()}})});
    append_event(transaction, std::nullopt, event);  // it may run nowhere, whoever holds it
    remember(transaction, caller, key, library.text(), revocation.at);
    return describe(transaction, caller, library);
  });
}

}  // namespace

json describe_library(const Services& services, const Principal& caller, const Digest& library) {
  require_somewhere(caller, Permission::read);
  return services.database.read([&](Snapshot& snapshot) { return describe(snapshot, caller, library); });
}

json revoke_library(const Services& services, const Principal& caller, const Digest& library,
                    std::string_view body, RequestKey* key) {
  return change(services, caller, library, body, true, key);
}

json reinstate_library(const Services& services, const Principal& caller, const Digest& library,
                       std::string_view body, RequestKey* key) {
  return change(services, caller, library, body, false, key);
}

void require_runnable(Snapshot& snapshot, const Digest& library, std::string_view what) {
  if (const auto revocation = find_revocation(snapshot, library))
    throw Error(Code::denied,
                fmt::format("{} ({}) was revoked by {} at {}: {}; use another version of it, or have an admin "
                            "run assay plugin reinstate",
                            what, library.text(), revocation->by, format_time(revocation->at),
                            revocation->reason));
}

}  // namespace assay
