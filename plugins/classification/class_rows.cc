// SPDX-License-Identifier: Apache-2.0
// Columns to rows of scores and a label, and the saved state of these.
#include "class_rows.h"

#include <bit>
#include <charconv>
#include <cmath>

#include "class_metrics.h"
#include "refusal.h"

namespace assay::classification {
namespace {

constexpr std::string_view kMagic = "assay.classification.classes/1";
constexpr std::size_t kNamesInMessage = 10;

// As far from 1 as the scores of a row may add up to: NumPy's isclose, which scikit-learn asks.
constexpr double kRelative = 1e-5, kAbsolute = 1e-8;

std::uint64_t bits_of(double score) {
  return std::bit_cast<std::uint64_t>(score + 0.0);  // -0 and 0 are one score
}

double whole_number(const std::string& name) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), value);
  if (error != std::errc() || end != name.data() + name.size())
    throw sdk::Error(ASSAY_E_INVALID_CONFIG,
                     "the class '" + name + "' is no whole number, but the labels are numbers")
        .pointer("/classes");
  return static_cast<double>(value);
}

std::vector<std::string> default_names(const sdk::Schema& schema, std::size_t label,
                                       const std::vector<std::size_t>& scores) {
  std::vector<std::string> out;
  for (const std::size_t score : scores)
    out.push_back(schema[label].type == sdk::Type::utf8 ? schema[score].name : std::to_string(out.size()));
  return out;
}

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < std::min(names.size(), kNamesInMessage); ++i)
    out += (i == 0 ? "'" : ", '") + names[i] + "'";
  return names.size() > kNamesInMessage ? out + ", …" : out;
}

}  // namespace

ClassRows::ClassRows(const sdk::Schema& schema, std::size_t label, std::vector<std::size_t> scores,
                     std::vector<std::string> names, std::vector<std::string> group_columns)
    : label_name_(schema[label].name),
      label_(label),
      scores_(std::move(scores)),
      classes_(names.empty() ? default_names(schema, label, scores_) : std::move(names)),
      rows_(std::move(group_columns), scores_.size() + 1) {
  if (scores_.size() > kMaxClasses)
    throw sdk::Error(ASSAY_E_UNSUPPORTED, "there are " + std::to_string(scores_.size()) +
                                              " columns of scores; this evaluator judges at most " +
                                              std::to_string(kMaxClasses) + " classes");
  if (classes_.size() != scores_.size())
    throw sdk::Error(ASSAY_E_INVALID_CONFIG, "there are " + std::to_string(classes_.size()) + " classes, but " +
                                                 std::to_string(scores_.size()) +
                                                 " columns of scores; name a class for each, in their order")
        .pointer("/classes");
  for (std::size_t c = 0; c < classes_.size(); ++c) {
    const bool fresh = schema[label].type == sdk::Type::utf8
                           ? by_text_.emplace(classes_[c], c).second
                           : by_number_.emplace(whole_number(classes_[c]), c).second;
    if (!fresh)
      throw sdk::Error(ASSAY_E_INVALID_CONFIG, "the class '" + classes_[c] + "' is named twice").pointer("/classes");
  }
}

std::size_t ClassRows::class_of(const sdk::Column& labels, std::int64_t row) const {
  if (labels.is_null(row)) return kMaxClasses;
  if (labels.type() == sdk::Type::utf8) {
    const auto found = by_text_.find(labels.text(row));
    return found == by_text_.end() ? kMaxClasses : found->second;
  }
  const double value = labels.number(row);
  if (std::isnan(value)) return kMaxClasses;
  const auto found = by_number_.find(value);
  return found == by_number_.end() ? kMaxClasses : found->second;
}

sdk::Error ClassRows::no_class(const sdk::Column& labels, std::int64_t row, std::int64_t seen) const {
  if (labels.is_null(row) || (labels.is_numeric() && std::isnan(labels.number(row))))
    return bad_row(labels, seen + row, "is missing; every row needs a label");
  return bad_row(labels, seen + row, "is none of the classes " + listed(classes_))
      .hint("name the classes in the order of the columns of scores, by the setting classes");
}

Words ClassRows::read(const sdk::Batch& batch, std::int64_t first, std::int64_t count, std::int64_t seen) const {
  const std::size_t classes = scores_.size(), width = classes + 1, rows = static_cast<std::size_t>(count);
  const sdk::Column labels = batch.column(label_);
  std::vector<double> scores(classes * rows);
  for (std::size_t c = 0; c < classes; ++c)
    batch.column(scores_[c]).numbers(first, std::span(scores).subspan(c * rows, rows));
  Words out(rows * width);
  for (std::size_t i = 0; i < rows; ++i) {
    const std::int64_t row = first + static_cast<std::int64_t>(i);
    const std::size_t label = class_of(labels, row);
    if (label == kMaxClasses) throw no_class(labels, row, seen);
    double sum = 0;
    for (std::size_t c = 0; c < classes; ++c) {
      const double p = scores[c * rows + i];
      if (!(p >= 0 && p <= 1)) throw bad_score(batch.column(scores_[c]), p, seen + row);
      sum += p;
      out[i * width + c] = bits_of(p);
    }
    if (std::abs(1 - sum) > kAbsolute + kRelative * sum)
      throw sdk::Error(ASSAY_E_INVALID_DATA, "the scores at row " + std::to_string(seen + row) + " add up to " +
                                                 std::to_string(sum) +
                                                 "; the probabilities of all classes must add up to 1")
          .row(seen + row);
    out[i * width + classes] = label;
  }
  return out;
}

void ClassRows::require_same(const std::vector<std::string>& classes, const GroupedRows& rows) const {
  if (classes != classes_)
    throw sdk::Error(ASSAY_E_INVALID_ARGUMENT,
                     "the other evaluation is of other classes; begin both with the same classes");
  if (rows.group_columns() != rows_.group_columns())
    throw sdk::Error(ASSAY_E_INVALID_ARGUMENT,
                     "the other evaluation is grouped by other columns; begin both with the same groups");
}

void ClassRows::merge(const ClassRows& from) {
  require_same(from.classes_, from.rows_);
  rows_.merge(from.rows_);
}

std::string ClassRows::save(const Poll& poll) const {
  sdk::ByteWriter out;
  out.u64(classes_.size());
  for (const std::string& name : classes_) out.text(name);
  rows_.save(out, poll);
  return sdk::seal(kMagic, out.take());
}

void ClassRows::load(std::string_view bytes, const Poll& poll) {
  sdk::ByteReader in(sdk::unseal(kMagic, bytes));
  std::vector<std::string> classes(in.count(8));
  in.require(classes.size() >= 2 && classes.size() <= kMaxClasses, "the number of classes is out of range");
  for (std::string& name : classes) name = in.text();
  const std::size_t width = classes.size() + 1;
  GroupedRows rows = GroupedRows::load(in, width, poll, [&](std::span<const std::uint64_t> words) {
    for (std::size_t i = 0; i < words.size(); ++i)
      in.require(i % width + 1 == width ? words[i] < classes.size() : words[i] <= bits_of(1),
                 "a score is not a probability, or a label is no class");
  });
  in.end();
  require_same(classes, rows);
  rows_ = std::move(rows);
}

}  // namespace assay::classification
