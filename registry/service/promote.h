// SPDX-License-Identifier: Apache-2.0
// Moves a stage through its policy: reads stage, evidence and policy, judges, and writes pointer, decision
// and audit in one transaction. The verdict itself is registry/domain/verdict.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "registry/access/principal.h"
#include "registry/domain/decision.h"
#include "registry/domain/reference.h"
#include "registry/service/request_key.h"
#include "registry/service/services.h"
#include "registry/service/stage_move.h"

namespace assay {

struct PromoteRequest {
  Name model;
  StageName stage;
  Selector version;
  bool dry_run = false;                           // judges the same and writes nothing
  std::optional<std::int64_t> expected_revision{};  // the stage must still be there
  std::optional<Digest> plan{};                     // what happens must be what a dry run said
  bool force = false;                               // overrides `from`, freezes and leases, never evidence
  std::string reason{};                             // for the record; force needs one
};

// From a request body {"version","dry_run","plan_digest","force","reason"} and the value of If-Match, if any: a revision
// in quotes, or `*`, which asks nothing. Throws invalid_argument.
PromoteRequest parse_promote_request(const Name& model, const StageName& stage, std::string_view body,
                                     std::optional<std::string_view> if_match);

// Needs `promote` on the namespace, with force `admin`. A verdict is a value: refusals are decisions too, recorded as such.
// Already there is a success with changed=false. Throws not_found for the version, corrupt when a file of it is lost or
// unreadable, conflict when the revision is another than expected (naming who moved the stage, where and when) or the
// plan is not what would happen now, denied. When it throws, nothing was written.
Decision promote(const Services& services, const Principal& caller, const PromoteRequest& request,
                 RequestKey* key = nullptr);

// Looks each file of the version up in the store, without reading it: a stage must not point to what cannot be fetched.
// Throws corrupt naming the file, not_found for the version.
void check_files_are_there(Snapshot& snapshot, const BlobStore& blobs, const PromoteRequest& request);
// What a promotion would come to now. Throws as promote does, but for permissions, which it does not check.
Judgement judge_promotion(Snapshot& snapshot, const Principal& caller, const PromoteRequest& request, Time now,
                          Judged& judged);

}  // namespace assay
