// SPDX-License-Identifier: Apache-2.0
// What evidence a rule lacks, as something that can be made: whoever reads a decision need not parse its sentences.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "registry/domain/evidence.h"

namespace assay {

struct Need {
  EvidenceKind kind = EvidenceKind::evaluation;  // never drift: nobody knows which rows are current
  std::string model{};      // "churn@4"; empty of a validation
  std::string reference{};  // of a comparison, the other model; empty when any that `beats` trained will do
  std::string beats{};
  std::string dataset{};
  std::string by{};        // a column to break down by
  std::string plugin{};    // that must measure; empty: any
  double confidence = 0;   // of a comparison
  std::int64_t batch = 0;  // timed calls with so many rows each; 0: no timing
  Level level = Level::reported;  // attested: the server must make it

  bool operator==(const Need&) const = default;
};

// The command that makes it.
std::string command(const Need& need);

void to_json(nlohmann::json& json, const Need& need);
// Reads what to_json wrote. `what` names the object in messages.
Need need_from_json(const nlohmann::json& document, const std::string& what);

}  // namespace assay
