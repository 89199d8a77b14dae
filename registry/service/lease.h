// SPDX-License-Identifier: Apache-2.0
// Holds a stage for a while, so that nobody else promotes to it: during a migration, or an incident. A rollback passes
// through.
#pragma once

#include <optional>
#include <string_view>

#include "registry/access/principal.h"
#include "registry/domain/lease.h"
#include "registry/domain/name.h"
#include "registry/domain/duration.h"
#include "registry/service/services.h"

namespace assay {

struct LeaseRequest {
  Duration length;
  std::string reason;
};
// From a request body {"for": "2h", "reason"}. Throws invalid_argument.
LeaseRequest parse_lease_request(std::string_view body);

// Both need `promote` on the namespace and throw not_found when the model does not exist, conflict, naming the holder
// and the end, when somebody else holds the stage. Whoever holds it already takes it anew.
Lease take_lease(const Services& services, const Principal& caller, const Name& model, const StageName& stage,
                 const LeaseRequest& request);
// An admin gives back anybody's. Nothing happens when nobody holds it.
void give_back_lease(const Services& services, const Principal& caller, const Name& model, const StageName& stage);

// None when nobody holds it. Needs `read`.
std::optional<Lease> show_lease(const Services& services, const Principal& caller, const Name& model,
                                const StageName& stage);

}  // namespace assay
