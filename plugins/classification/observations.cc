// SPDX-License-Identifier: Apache-2.0
// The state of the evaluation of a binary classifier.
#include "observations.h"

namespace assay::classification {
namespace {

constexpr std::string_view kMagic = "assay.classification/2";
constexpr std::size_t kRowsPerPoll = std::size_t{1} << 20;

Sample sample_of(const Words& sorted, const Poll& poll) {
  Sample out;
  out.scores.reserve(sorted.size());
  out.labels.reserve(sorted.size());
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (i % kRowsPerPoll == 0) poll();
    out.scores.push_back(score_of(sorted[i]));
    out.labels.push_back(static_cast<std::uint8_t>(sorted[i] & 1));
  }
  return out;
}

}  // namespace

void Observations::add(double score, bool label, std::span<const std::string_view> group) {
  const Row row = row_of(score, label);
  add(std::span(&row, 1), group);
}

void Observations::for_each_slice(const Poll& poll, const std::function<void(const Slice&)>& visit) const {
  rows_.for_each_slice(poll, [&](std::string_view column, const std::string& name, const Words& rows) {
    visit({std::string(column), name, sample_of(rows, poll)});
  });
}

std::string Observations::save(const Poll& poll) const {
  sdk::ByteWriter out;
  rows_.save(out, poll);
  return sdk::seal(kMagic, out.take());
}

Observations Observations::load(std::string_view bytes, const Poll& poll) {
  sdk::ByteReader in(sdk::unseal(kMagic, bytes));
  Observations out;
  out.rows_ = GroupedRows::load(in, 1, poll, [&](std::span<const Row> rows) {
    for (const Row row : rows) in.require(row <= row_of(1, true), "a score is not a probability");
  });
  in.end();
  return out;
}

}  // namespace assay::classification
