// SPDX-License-Identifier: Apache-2.0
// The rows are still there, so each column is ranked exactly, ties counting half.
#include "leakage.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "row_codec.h"

namespace assay::table_contract {
namespace {

constexpr double kFewestOfAClass = 30;
// Texts that occur less often than this on average rank their own rows, not the label.
constexpr double kRowsPerCategory = 20;

// How many rows of each class share one value.
struct Value {
  double at = 0;
  double negatives = 0, positives = 0;
};

// Of values in any order; equal ones must be neighbours after sorting.
double roc_auc(std::vector<Value> values, const Poll& poll) {
  std::int64_t compared = 0;
  std::sort(values.begin(), values.end(), [&](const Value& a, const Value& b) {
    if (++compared % (64 * kRowsPerPoll) == 0) poll();
    return a.at < b.at;
  });
  double below = 0, area = 0, positives = 0;
  for (std::size_t begin = 0, end = 0; begin < values.size(); begin = end) {
    double step_negatives = 0, step_positives = 0;
    for (end = begin; end < values.size() && values[end].at == values[begin].at; ++end) {
      step_negatives += values[end].negatives;
      step_positives += values[end].positives;
    }
    area += step_positives * (below + step_negatives / 2);
    below += step_negatives;
    positives += step_positives;
  }
  return below > 0 && positives > 0 ? area / (below * positives) : 0.5;
}

// Missing values rank below or above all others, whichever tells more.
double best_auc(std::vector<Value> values, const Value& missing, const Poll& poll) {
  double best = 0;
  for (const double at :
       {-std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()}) {
    values.push_back({at, missing.negatives, missing.positives});
    const double area = roc_auc(values, poll);
    best = std::max({best, area, 1 - area});
    values.pop_back();
  }
  return best;
}

void add(Value& into, const Value& from) {
  into.negatives += from.negatives;
  into.positives += from.positives;
}

// Ranks the label by one column at a time. `place[i]` is where column i stands in an encoded row.
class Ranker {
 public:
  Ranker(const Table& table, std::vector<std::size_t> place, std::size_t label, const Poll& poll)
      : table_(table), place_(std::move(place)), poll_(poll) {
    for (const RowStore::Distinct& row : table.store.distinct()) {
      poll_at(labels_.size());
      const Cell cell = cell_at(table.store.bytes(row), place_[label]);
      const bool readable = cell.tag == Tag::number || cell.tag == Tag::boolean;
      binary_ = binary_ && (!readable || cell.number == 0 || cell.number == 1);
      const double count = static_cast<double>(row.count);
      labels_.push_back(
          {0, readable && cell.number == 0 ? count : 0, readable && cell.number == 1 ? count : 0});
      add(total_, labels_.back());
    }
  }

  bool enough() const { return binary_ && std::min(total_.negatives, total_.positives) >= kFewestOfAClass; }

  double auc(std::size_t column) const {
    return family_of(table_.columns[column].type) == Family::text ? text_auc(place_[column])
                                                                  : number_auc(place_[column]);
  }

 private:
  double number_auc(std::size_t at) const {
    std::vector<Value> values;
    Value missing;
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      poll_at(i);
      const Cell cell = cell_at(table_.store.bytes(table_.store.distinct()[i]), at);
      const bool number = (cell.tag == Tag::number || cell.tag == Tag::boolean) && !std::isnan(cell.number);
      if (number)
        values.push_back({cell.number, labels_[i].negatives, labels_[i].positives});
      else
        add(missing, labels_[i]);
    }
    return best_auc(std::move(values), missing, poll_);
  }

  double text_auc(std::size_t at) const {
    std::map<std::string_view, Value> categories;
    Value missing;
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      poll_at(i);
      const Cell cell = cell_at(table_.store.bytes(table_.store.distinct()[i]), at);
      add(cell.tag == Tag::text ? categories[cell.text] : missing, labels_[i]);
    }
    if (static_cast<double>(categories.size()) * kRowsPerCategory > total_.negatives + total_.positives)
      return 0.5;
    std::vector<Value> values;
    for (const auto& [text, value] : categories) {
      const double rows = value.negatives + value.positives;
      if (rows > 0) values.push_back({value.positives / rows, value.negatives, value.positives});
    }
    return best_auc(std::move(values), missing, poll_);
  }

  void poll_at(std::size_t row) const {
    if (row % static_cast<std::size_t>(kRowsPerPoll) == 0) poll_();
  }

  const Table& table_;
  std::vector<std::size_t> place_;
  const Poll& poll_;
  std::vector<Value> labels_;  // of each distinct row
  Value total_;
  bool binary_ = true;
};

}  // namespace

std::vector<Leak> find_leaks(const Table& table, double least_auc, const Poll& poll) {
  const auto label = std::find_if(table.columns.begin(), table.columns.end(),
                                  [](const ColumnState& c) { return c.is_label; });
  if (label == table.columns.end() || table.store.given_up()) return {};
  const std::vector<std::size_t> order = encoded_order(table.names());
  std::vector<std::size_t> place(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) place[order[i]] = i;
  const auto label_at = static_cast<std::size_t>(label - table.columns.begin());
  const Ranker columns(table, std::move(place), label_at, poll);
  std::vector<Leak> out;
  if (!columns.enough()) return out;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (i == label_at || family_of(table.columns[i].type) == Family::unreadable) continue;
    if (const double area = columns.auc(i); area >= least_auc) out.push_back({table.columns[i].name, area});
  }
  return out;
}

}  // namespace assay::table_contract
