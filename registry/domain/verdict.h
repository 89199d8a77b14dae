// SPDX-License-Identifier: Apache-2.0
// The verdict: a pure function of policy, facts and time. No I/O, no clock, no randomness, so that a decision
// can be replayed and a policy tried on the past.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "registry/domain/approval.h"
#include "registry/domain/content.h"
#include "registry/domain/decision.h"
#include "registry/domain/evidence.h"
#include "registry/domain/freeze.h"
#include "registry/domain/lease.h"
#include "registry/domain/policy.h"
#include "registry/domain/problem.h"

namespace assay {

// What a version itself is like.
struct ArtifactFacts {
  bool card = false;
  std::string lineage_gap = "its lineage is not known";  // empty: none

  // A file that is, holds or may hold a pickle.
  struct Suspect {
    std::string path;
    FileContent content;

    bool operator==(const Suspect&) const = default;
  };
  static constexpr std::size_t kMaxSuspects = 16;  // enough to say what is wrong
  // A key that the namespace trusts and that has signed the version, by the server's own check.
  struct Signer {
    std::string key;   // its name
    std::string hint;  // the hex SHA-256 of its PEM

    bool operator==(const Signer&) const = default;
  };
  // Both are read where the policy asks for them; until then there is no saying.
  std::optional<std::vector<Suspect>> suspects{};  // the first kMaxSuspects
  std::vector<Signer> signers{};

  bool operator==(const ArtifactFacts&) const = default;
};

// What is known when a version asks to enter a stage. `evidence` may hold more than the rules need; it stands
// in the order recorded, and of records about the same thing the last one counts.
struct Facts {
  std::string namespace_;
  std::string model;
  VersionMark candidate;
  std::optional<VersionMark> champion;     // what the stage holds
  std::optional<VersionMark> from_holder;  // what the policy's `from` stage holds
  std::vector<Evidence> evidence;
  // Of the models that the candidate was compared with, the name of the plugin that trained them.
  std::map<Digest, std::string> trained_by{};
  std::map<Digest, std::string> revoked{};  // libraries that may not run any more, and why: what they measured does not count
  std::optional<Digest> made_with{};   // the library that trained the candidate, if a run says so
  std::optional<Problem> problem{};         // both only where the policy asks for them
  std::optional<ArtifactFacts> artifact{};
  std::optional<Frozen> frozen{};      // the freeze of the policy that holds now
  std::optional<Lease> lease{};        // that somebody else than the caller has
  std::vector<Approval> approvals{};   // of this version's promotion to this stage, whatever they were given to
  std::vector<std::string> authors{};  // who published it and who asks: their approval may not count
  std::vector<Id> tokens{};            // of who asks: whose lease would hold nobody back
  bool force = false;                  // an admin wants it now
};

// Whether `facts.candidate` may enter policy.stage(), rule by rule. A rule whose evidence is missing, not a
// number, stale or unlike never passes; a champion rule passes when there is no champion. One failed rule
// refuses (10); otherwise one that is not comparable decides (12), then one that is missing or stale (11), then a
// freeze or a lease (31), then approvals that are not given yet (20). Force overrides `from`, freezes and leases. An
// empty policy admits and says that nothing was checked. Id, actor, revisions, policy digest and reason are
// left to the caller; `changed` is whether the stage would move.
Decision judge(const Policy& policy, const Facts& facts, Time now);

}  // namespace assay
