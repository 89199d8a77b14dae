// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/worker/check/tables.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>

namespace assay::worker::check {
namespace {

using sdk::detail::Owned;

const char* columns_of(std::string_view capability) {
  if (capability == ASSAY_CAP_EVALUATOR_V1)
    return "name utf8, value f64, ci_low f64, ci_high f64, slice utf8, n i64, higher_is_better bool\n";
  if (capability == ASSAY_CAP_DRIFT_V1)
    return "column utf8, statistic utf8, value f64, p_value f64, threshold f64, drifted bool, n_ref i64, n_cur i64\n";
  return "severity utf8, rule utf8, column utf8, row_count i64, sample_rows list<i64>, message utf8\n";
}

class TableOf {
 public:
  TableOf(const Component& component, const ArrowSchema& schema, const ArrowArray& rows) : component_(component) {
    const std::string expected = columns_of(component.fold());
    if (const std::string found = print_schema(schema); found != expected)
      throw Broken{fmt::format("component {}: its table has the columns {}, and not {}", component.id,
                               found.substr(0, found.size() - 1), expected.substr(0, expected.size() - 1))};
    columns_ = sdk::Schema::copy(schema);
    batch_.emplace(columns_, rows);
  }

  void judge(std::int64_t rows_seen) const {
    for (std::int64_t row = 0; row < batch_->rows(); ++row) {
      for (const std::size_t required : required_columns())
        say(!batch_->column(required).is_null(row), row, fmt::format("\"{}\" is null", columns_[required].name));
      if (component_.offers(ASSAY_CAP_EVALUATOR_V1)) metric(row);
      else if (component_.offers(ASSAY_CAP_DRIFT_V1)) drift(row);
      else finding(row, rows_seen);
    }
  }

 private:
  void say(bool true_, std::int64_t row, const std::string& what) const {
    demand(true_, fmt::format("component {}: in row {} of its table {}", component_.id, row, what));
  }
  std::vector<std::size_t> required_columns() const {
    if (component_.offers(ASSAY_CAP_EVALUATOR_V1)) return {0, 1, 4, 5, 6};
    if (component_.offers(ASSAY_CAP_DRIFT_V1)) return {0, 1, 2, 4, 5, 6, 7};
    return {0, 1, 2, 3, 4, 5};
  }
  double number(std::size_t column, std::int64_t row) const {
    const sdk::Column cells = batch_->column(column);
    return cells.is_null(row) ? std::nan("") : cells.f64()[static_cast<std::size_t>(row)];
  }
  std::int64_t integer(std::size_t column, std::int64_t row) const {
    return batch_->column(column).i64()[static_cast<std::size_t>(row)];
  }
  void metric(std::int64_t row) const {
    const double value = number(1, row), low = number(2, row), high = number(3, row);
    say(!batch_->column(0).text(row).empty(), row, "the metric has no name");
    // The rows that are tried have both classes and weights, so nothing is undefined on them.
    say(!std::isinf(value), row, fmt::format("\"{}\" is infinite", batch_->column(0).text(row)));
    say(!(low > value) && !(high < value), row,
        fmt::format("\"{}\" is {}, outside of its interval {} to {}", batch_->column(0).text(row), value, low, high));
    say(integer(5, row) >= 0, row, "n is negative");
  }
  void drift(std::int64_t row) const {
    const double value = number(2, row), p = number(3, row);
    say(!std::isnan(value), row, "the statistic is not a number");
    say(std::isnan(p) || (p >= 0 && p <= 1), row, fmt::format("the p-value is {}", p));
    say(integer(6, row) >= 0 && integer(7, row) >= 0, row, "a count of rows is negative");
  }
  void finding(std::int64_t row, std::int64_t rows_seen) const {
    const std::string severity(batch_->column(0).text(row));
    say(severity == "info" || severity == "warning" || severity == "error", row, fmt::format("the severity is \"{}\"", severity));
    say(!batch_->column(1).text(row).empty() && !batch_->column(5).text(row).empty(), row, "the rule or the message is empty");
    say(integer(3, row) >= 0 && integer(3, row) <= rows_seen, row, fmt::format("row_count is {} of {} rows", integer(3, row), rows_seen));
    for (const std::int64_t sample : batch_->column(4).list(row))
      say(sample >= 0 && sample < rows_seen, row, fmt::format("sample_rows names row {} of {}", sample, rows_seen));
  }

  const Component& component_;
  sdk::Schema columns_;
  std::optional<sdk::Batch> batch_;
};

// Reads an answer. One that cannot be read is a broken promise, and not a refusal as an Error of the plugin's would be.
template <class Read>
void read_answer(const Component& component, Read read) {
  try {
    read();
  } catch (const Error& error) {
    throw Broken{fmt::format("component {} answers a table that cannot be read: {}", component.id, error.message())};
  }
}

}  // namespace

void demand_finite(const Component& component, const ArrowSchema& schema, const ArrowArray& scores,
                   const std::string& what) {
  read_answer(component, [&] {
    const sdk::Schema columns = sdk::Schema::copy(schema);
    const sdk::Batch rows(columns, scores);
    for (std::size_t i = 0; i < rows.columns(); ++i) {
      if (columns[i].type != sdk::Type::f64) continue;
      const sdk::Column column = rows.column(i);
      for (std::int64_t row = 0; row < rows.rows(); ++row)
        if (!column.is_null(row) && !std::isfinite(column.number(row)))
          throw Broken{fmt::format("component {}, {}: \"{}\" is {} in row {}", component.id, what, columns[i].name,
                                   column.number(row), row)};
    }
  });
}

void demand_true_table(State& state, const Component& component, std::int64_t rows_seen, fake::FakeBundle* extras) {
  Owned<ArrowSchema> schema;
  Owned<ArrowArray> table;
  state.finish_raw(&schema.it, &table.it, extras);
  read_answer(component, [&] { TableOf(component, schema.it, table.it).judge(rows_seen); });
}

}  // namespace assay::worker::check
