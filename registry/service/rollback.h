// SPDX-License-Identifier: Apache-2.0
// Brings a version back that the stage once admitted. An incident is no time for a gate: no evidence is asked
// for.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "registry/access/principal.h"
#include "registry/domain/decision.h"
#include "registry/domain/reference.h"
#include "registry/service/request_key.h"
#include "registry/service/services.h"

namespace assay {

struct RollbackRequest {
  Name model;
  StageName stage;
  std::optional<VersionNumber> to;  // none: last-good, the version that the stage held before this one
  std::string reason;
  std::optional<std::int64_t> expected_revision;
};

// From a request body {"to","reason"} (both optional) and the value of If-Match, if any. Throws
// invalid_argument.
RollbackRequest parse_rollback_request(const Name& model, const StageName& stage, std::string_view body,
                                       std::optional<std::string_view> if_match);

// Needs `promote` on the namespace. Pointer, decision and audit are one transaction. Throws not_found when
// the stage points nowhere, held nothing before or never held that version, conflict as promote does, corrupt
// or unavailable when the version's files are not all in the store, denied, also for what a plugin made that was
// revoked since. When it throws, nothing was
// written.
Decision rollback(const Services& services, const Principal& caller, const RollbackRequest& request,
                  RequestKey* key = nullptr);

}  // namespace assay
