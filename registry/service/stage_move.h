// SPDX-License-Identifier: Apache-2.0
// What promote, approve and rollback share: the stage as it is, the revision that the caller expected, the judgement,
// and the one way in which a decision, what it rested on, the pointer, the audit entry and the event are written
// together.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "registry/access/principal.h"
#include "registry/catalog/database.h"
#include "registry/catalog/evidence.h"
#include "registry/domain/artifact.h"
#include "registry/domain/decision.h"
#include "registry/domain/json_reader.h"
#include "registry/domain/name.h"
#include "registry/domain/stage.h"
#include "registry/service/facts.h"
#include "registry/service/request_key.h"
#include "registry/service/services.h"

namespace assay {

inline constexpr std::size_t kMaxReason = 4096;  // bytes: a paragraph for the incident report

// The member "reason", empty when it is left out. Throws too_large past the limit.
std::string reason_from(JsonObject& object);

// The value of an If-Match header: a revision in quotes; `*` and an absent one ask nothing. Throws
// invalid_argument.
std::optional<std::int64_t> parse_expected_revision(std::optional<std::string_view> if_match);

// The stage; one that does not exist yet is at revision 0.
Stage current_stage(Snapshot& snapshot, const Name& model, const StageName& stage);

// Throws conflict, naming who moved the stage, where to and when, unless it is at `expected` (if given).
void check_revision(const Name& model, const Stage& stage, const std::optional<std::int64_t>& expected);

// When a move that is made now counts as made: never before the last one, whatever the clock did meanwhile,
// so that a stage's history is in order of time.
Time move_time(const Stage& stage, Time now);

// Starts the record of an attempt on `stage`.
void fill_attempt(Decision& decision, const Principal& caller, const Name& model, const Stage& stage);

// `caller` asks for the version to enter the stage.
Candidacy candidacy_of(const Version& version, const Stage& stage, const Principal& caller);

// A decision that is not recorded yet, and what it was judged on: facts_json of registry/domain/bundle.h, null when
// nothing was.
struct Judgement {
  Decision decision;
  nlohmann::json facts{};
};

// What was judged last, so that a transaction need not judge again what a snapshot just before it did: the verdict is a
// function of policy, facts and time, and stands while all of these are as they were.
class Judged {
 public:
  EvidenceMemo evidence{};  // for reading the facts

  Judgement again(const Policy& policy, Facts facts, Time now);

 private:
  std::optional<Policy> policy_{};
  std::optional<Judgement> last_{};
};

// Whether the version enters the stage now, by the policy that the stage has; "already there" when it holds it. Does not
// check permissions.
Judgement judge_candidate(Snapshot& snapshot, const Version& version, const Stage& stage, const Candidacy& candidacy,
                          Time now, Judged& judged);

// What was decided when the request came for the first time.
std::optional<Decision> earlier_decision(Snapshot& snapshot, const Principal& caller, RequestKey* key,
                                         Time now);

// The ids of a decision and of the event that tells of it.
struct AttemptIds {
  Id decision;
  Id event;
};
AttemptIds new_attempt_ids(const Services& services);

// Writes the decision with what it rested on, and, when it changes the stage, moves the pointer; and the audit entry and
// the event. Throws conflict when the pointer is not at decision.revision_before.
Decision record_attempt(Transaction& transaction, Judgement judgement, const Principal& caller, const AttemptIds& ids);

}  // namespace assay
