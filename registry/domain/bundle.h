// SPDX-License-Identifier: Apache-2.0
// A decision with all that it rested on, in one document: whoever has it can judge again, without the registry, and see
// that the same comes out.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "registry/domain/verdict.h"

namespace assay {

struct Bundle {
  Decision decision;
  Policy policy;
  Facts facts;
  Time judged_at;  // by the clock as it was; the decision's own time never goes back
};

// What the catalogue keeps of the facts: all but what the decision says itself, evidence by its id.
nlohmann::json facts_json(const Facts& facts, Time judged_at);
// The ids in it, in the order in which the facts had them. Throws invalid_argument.
std::vector<Id> evidence_ids(const nlohmann::json& facts);
// The tokens of who asked.
std::vector<Id> asking_tokens(const nlohmann::json& facts);
// From what facts_json wrote, the decision and the records of evidence_ids.
Bundle make_bundle(const Decision& decision, const Policy& policy, const nlohmann::json& facts,
                   std::vector<Evidence> evidence);

// {"format": "assay-decision/1", "decision", "policy", "facts", "evidence"}
void to_json(nlohmann::json& json, const Bundle& bundle);
// Throws invalid_argument, unsupported for a format that this version does not know.
Bundle bundle_from_json(const nlohmann::json& document);

// Judges again and says what comes out otherwise than the decision has it, a line for each thing: verdicts, numbers and
// evidence, not the wording of explanations, which may change between releases. Empty when it is the same.
std::vector<std::string> replay(const Bundle& bundle);

}  // namespace assay
