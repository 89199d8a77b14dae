// SPDX-License-Identifier: Apache-2.0
// A model card: what the registry's records say of one model version, and nothing that they do not say. Every number
// of it stands in a record that it names.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/domain/artifact.h"
#include "registry/domain/decision.h"
#include "registry/domain/evidence.h"
#include "registry/domain/problem.h"
#include "registry/domain/run.h"
#include "registry/domain/stage.h"

namespace assay {

// A stage that holds the version, and the decision that put it there.
struct CardStage {
  Stage stage;
  std::optional<Decision> decision{};
};

struct CardRecords {
  Version version;
  std::optional<Run> run{};          // that made it
  std::vector<Run> used_by{};        // they name what evidence knows by digest alone
  std::vector<Evidence> evidence{};  // about the version or what it was made from; the newest of a kind first
  std::vector<CardStage> stages{};
  std::optional<Problem> problem{};
};

struct CardEvidence {
  Evidence evidence;
  std::string dataset;    // how people call it, else its digest
  std::string reference;  // the same of what it was compared with; empty: none
  std::size_t older = 0;  // records of the same measurement that it takes the place of
};

struct Card {
  Version version;
  std::optional<Run> run;
  std::vector<CardEvidence> evidence;  // evaluations, comparisons, validations, drift
  std::vector<CardStage> stages;
  std::optional<Problem> problem;
};

// Of records that measure the same (kind, data, plugin, settings) the newest alone is shown. Evidence about anything
// else than the version, its training data's validations apart, is left out.
Card make_card(CardRecords records);

// A number of an evaluation or a comparison, and where it stands: `/rows/<row>` of the record.
struct CardMetric {
  const CardEvidence& from;
  std::size_t row;
  const MetricRow& metric;
};
// All that are numbers. They borrow from the card.
std::vector<CardMetric> card_metrics(const Card& card);
// What the records hold against the version, a sentence each; the records are named.
std::vector<std::string> card_limitations(const Card& card);

// "evaluation on default/holdout@1", "comparison with default/churn@3 on …".
std::string card_title(const CardEvidence& record);
// As few digits as read back to the same number.
std::string exact_number(double value);

// For Google's Model Card Toolkit, schema 0.0.2.
nlohmann::json google_card(const Card& card);
// A bill of materials with the model as its component: CycloneDX 1.6. `assay` is the version of the program.
nlohmann::json cyclonedx_card(const Card& card, std::string_view assay);

}  // namespace assay
