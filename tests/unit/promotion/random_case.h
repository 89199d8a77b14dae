// SPDX-License-Identifier: Apache-2.0
// Policies of every kind of rule, and evidence that they may or may not like, at random: what both the judge and the
// server are tried on. The dice are the caller's to seed and to print.
#pragma once

#include <nlohmann/json.hpp>
#include <random>
#include <vector>

#include "tests/unit/promotion/world.h"

namespace assay::test {

inline const Digest kRevocable = Digest::of("another");  // the library of an evaluator that only some records are by

struct RandomCase {
  using json = nlohmann::json;

  std::mt19937 dice;
  std::vector<Digest> data{};  // of the datasets data-0@1 and data-1@1
  bool others_measure = true;  // whether some evaluations are by kRevocable

  int below(int limit) { return static_cast<int>(dice() % static_cast<unsigned>(limit)); }
  bool one_in(int chances) { return below(chances) == 0; }

  json number() { return one_in(8) ? json() : json(below(10) / 10.0); }

  void add_counts(json& rows, const std::string& slice) {
    for (const char* name : {"tp", "fp", "fn", "tn"})
      rows.push_back(metric(name, 10 + below(4), name[0] == 't', slice));
    rows.push_back(metric("recall", number(), true, slice));
  }

  json random_evaluation(const Digest& model) {
    json document = evaluation(model, data[static_cast<std::size_t>(below(2))], {});
    json& rows = document["rows"];
    if (!one_in(6)) rows.push_back(metric("auc", number()));
    if (!one_in(6)) rows.push_back(metric("loss", number(), false));
    if (!one_in(3)) rows.push_back(metric("latency_p99_ms", below(10), false, "1_row"));
    add_counts(rows, "");
    for (const char* slice : {"sex=f", "sex=m", "region=EU", "region=US"})
      if (!one_in(12)) add_counts(rows, slice);
    if (one_in(8)) document["seed"] = 8;
    if (one_in(8)) document["config"] = {{"threshold", 0.4}};
    if (one_in(8) && others_measure) document["plugin"]["digest"] = kRevocable.text();
    return document;
  }

  json random_comparison(const Digest& model, const Digest& other) {
    json document = evaluation(model, data[static_cast<std::size_t>(below(2))], {});
    document["kind"] = "comparison";
    document["reference_digest"] = other.text();
    document["config"] = {{"confidence", one_in(6) ? 0.9 : 0.95}};
    for (const char* name : {"auc:paired_bootstrap", "recall:paired_bootstrap"})
      for (const char* slice : {"", "region=EU", "region=US"}) {
        json row = metric(name, below(9) / 10.0 - 0.3, true, slice);
        row["ci_low"] = row["value"].get<double>() - 0.05;
        row["ci_high"] = row["value"].get<double>() + 0.05;
        document["rows"].push_back(row);
      }
    return document;
  }

  json random_drift(const Digest& model) {
    json document = evaluation(model, Digest::of("window"), {});
    document["kind"] = "drift";
    document["plugin"]["name"] = "drift";
    document["dataset_digest"] = data[0].text();
    document["reference_digest"] = data[1].text();
    document["rows"].push_back({{"column", "age"}, {"statistic", "psi"}, {"value", 0.1}, {"p_value", nullptr},
                                {"threshold", 0.2}, {"drifted", one_in(3)}, {"n_ref", 10}, {"n_cur", 12}});
    return document;
  }

  json random_validation() {
    const json finding = {{"severity", one_in(3) ? "error" : "warning"}, {"rule", "range"}, {"column", "age"},
                          {"row_count", 1}, {"sample_rows", {1}}, {"message", "too old"}};
    return validation(data[static_cast<std::size_t>(below(2))], one_in(2) ? JsonRows{finding} : JsonRows{});
  }

  json random_rule() {
    const std::string dataset = "data-" + std::to_string(below(2)) + "@1";
    const std::string name = one_in(3) ? "loss" : "auc";
    const double bound = below(8) / 10.0;
    const auto on = [&](json rule) {
      rule["dataset"] = dataset;
      return rule;
    };
    switch (below(11)) {
      case 0:
        return {{"metric", on({{"name", name}, {one_in(2) ? "at_least" : "at_most", bound}})}};
      case 1:
        return {{"champion", on({{"name", name}, {"margin", bound - 0.6}})}};
      case 2:
        return {{"champion", on({{"name", "auc"}, {"margin", bound - 0.6}, {"test", "paired_bootstrap"}})}};
      case 3:
        return {{"slices", on({{"name", "recall"}, {"by", "region"}, {"no_worse_than", bound - 0.8}})}};
      case 4:
        return {{"slices",
                 on({{"name", "recall"}, {"by", "region"}, {"no_worse_than", bound - 0.8}, {"correction", "holm"}})}};
      case 5:
        return {{"fairness", on({{"metric", "equal_opportunity_difference"}, {"group", "sex"}, {"at_most", bound / 4}})}};
      case 6:
        return {{"cost", on({{"matrix", {{"fn", 5}, {"fp", 2}}}, {"at_most", 1 + bound}, {"at_most_champion", one_in(2)}})}};
      case 7:
        return {{"latency", on({{"p99_ms", below(12)}, {"at", "1_row"}})}};
      case 8:
        return {{"drift", {{"plugin", "drift"}, {"window", "30d"}}}};
      case 9:
        return {{"baseline", on({{"beats", "baseline"}, {"name", "auc"}})}};
      default:
        return {{"validation", on({{"severity_below", one_in(2) ? "error" : "warning"}})}};
    }
  }

  json random_policy() {
    json policy = {{"stage", "production"}, {"rules", json::array()}};
    for (int i = below(4); i > 0; --i) policy["rules"].push_back(random_rule());
    if (one_in(4)) policy["rules"].push_back({{"evidence", {{"max_age", "20h"}}}});
    if (one_in(12)) policy["rules"].push_back({{"evidence", {{"level", "attested"}}}});
    if (one_in(6)) policy["from"] = "staging";
    if (one_in(6)) policy["freeze"] = {"Mon 00:00/Wed 12:00 Etc/UTC"};
    if (one_in(4)) policy["approvals"] = {{"count", 1 + below(2)}, {"author_may_not", one_in(2)}};
    return policy;
  }
};

}  // namespace assay::test
