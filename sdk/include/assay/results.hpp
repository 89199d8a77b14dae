// SPDX-License-Identifier: Apache-2.0
// The three fixed result tables as rows: what an evaluator, a drift detector and a validator return from
// `finish`.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "assay/table.hpp"

namespace assay::sdk {

struct Metric {
  std::string name;
  double value = 0;
  std::optional<double> ci_low, ci_high;
  std::string slice;  // empty: all rows
  std::int64_t n = 0;
  bool higher_is_better = true;
};

struct Drift {
  std::string column;
  std::string statistic;  // such as "psi"
  double value = 0;
  std::optional<double> p_value;
  double threshold = 0;
  bool drifted = false;
  std::int64_t n_ref = 0, n_cur = 0;
};

enum class Severity { info, warning, error };

struct Finding {
  Severity severity = Severity::error;
  std::string rule;
  std::string column;  // empty: the whole table
  std::int64_t row_count = 0;
  std::vector<std::int64_t> sample_rows;
  std::string message;
};

inline Table to_table(std::span<const Metric> rows) {
  constexpr auto never = Nulls::never;
  Table table({{"name", Type::utf8, never},
               {"value", Type::f64, never},
               {"ci_low", Type::f64},
               {"ci_high", Type::f64},
               {"slice", Type::utf8, never},
               {"n", Type::i64, never},
               {"higher_is_better", Type::boolean, never}});
  for (const Metric& row : rows) {
    table.column(0).utf8(row.name);
    table.column(1).f64(row.value);
    table.column(2).f64(row.ci_low);
    table.column(3).f64(row.ci_high);
    table.column(4).utf8(row.slice);
    table.column(5).i64(row.n);
    table.column(6).boolean(row.higher_is_better);
  }
  return table;
}

inline Table to_table(std::span<const Drift> rows) {
  constexpr auto never = Nulls::never;
  Table table({{"column", Type::utf8, never},
               {"statistic", Type::utf8, never},
               {"value", Type::f64, never},
               {"p_value", Type::f64},
               {"threshold", Type::f64, never},
               {"drifted", Type::boolean, never},
               {"n_ref", Type::i64, never},
               {"n_cur", Type::i64, never}});
  for (const Drift& row : rows) {
    table.column(0).utf8(row.column);
    table.column(1).utf8(row.statistic);
    table.column(2).f64(row.value);
    table.column(3).f64(row.p_value);
    table.column(4).f64(row.threshold);
    table.column(5).boolean(row.drifted);
    table.column(6).i64(row.n_ref);
    table.column(7).i64(row.n_cur);
  }
  return table;
}

inline Table to_table(std::span<const Finding> rows) {
  constexpr auto never = Nulls::never;
  constexpr std::string_view names[] = {"info", "warning", "error"};
  Table table({{"severity", Type::utf8, never},
               {"rule", Type::utf8, never},
               {"column", Type::utf8, never},
               {"row_count", Type::i64, never},
               {"sample_rows", Type::list_i64, never},
               {"message", Type::utf8, never}});
  for (const Finding& row : rows) {
    table.column(0).utf8(names[static_cast<std::size_t>(row.severity)]);
    table.column(1).utf8(row.rule);
    table.column(2).utf8(row.column);
    table.column(3).i64(row.row_count);
    table.column(4).list(row.sample_rows);
    table.column(5).utf8(row.message);
  }
  return table;
}

}  // namespace assay::sdk
