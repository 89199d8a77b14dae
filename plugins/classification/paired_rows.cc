// SPDX-License-Identifier: Apache-2.0
// The state of a comparison of two binary classifiers.
#include "paired_rows.h"

#include "order.h"

namespace assay::classification {
namespace {

constexpr std::string_view kMagic = "assay.classification.pairs/1";
constexpr std::size_t kRowsPerPoll = std::size_t{1} << 20;
constexpr std::uint64_t kScoreMask = (std::uint64_t{1} << kPairLabelBit) - 1;

// Row numbers by the other model's score, negatives first among equals and else as they stand.
std::vector<std::uint32_t> by_reference(const Sample& candidate, const Words& scores, const Poll& poll) {
  std::vector<std::uint32_t> rows;
  Words keys, spare;
  rows.reserve(scores.size());
  keys.reserve(scores.size());
  for (const std::uint8_t label : {0, 1})
    for (std::size_t i = 0; i < scores.size(); ++i) {
      if (i % kRowsPerPoll == 0) poll();
      if (candidate.labels[i] != label) continue;
      rows.push_back(static_cast<std::uint32_t>(i));
      keys.push_back(scores[i]);
    }
  std::vector<std::uint32_t> order = order_by(keys, 1, 0, spare, poll);
  for (std::uint32_t& place : order) place = rows[place & ~kTiedWithNext];
  return order;
}

PairedSample sample_of(const Words& sorted, const Poll& poll) {
  const std::size_t rows = sorted.size() / 2;
  PairedSample out;
  Words scores(rows);
  out.candidate.scores.reserve(rows);
  out.candidate.labels.reserve(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    if (i % kRowsPerPoll == 0) poll();
    out.candidate.scores.push_back(std::bit_cast<double>(sorted[2 * i]));
    out.candidate.labels.push_back(static_cast<std::uint8_t>(sorted[2 * i + 1] >> kPairLabelBit));
    scores[i] = sorted[2 * i + 1] & kScoreMask;
  }
  out.places = by_reference(out.candidate, scores, poll);
  out.reference.scores.reserve(rows);
  out.reference.labels.reserve(rows);
  for (const std::uint32_t place : out.places) {
    out.reference.scores.push_back(std::bit_cast<double>(scores[place]));
    out.reference.labels.push_back(out.candidate.labels[place]);
  }
  return out;
}

}  // namespace

void PairedRows::for_each_slice(
    const Poll& poll, const std::function<void(const std::string& name, const PairedSample&)>& visit) const {
  rows_.for_each_slice(poll, [&](std::string_view, const std::string& name, const Words& rows) {
    visit(name, sample_of(rows, poll));
  });
}

std::string PairedRows::save(const Poll& poll) const {
  sdk::ByteWriter out;
  rows_.save(out, poll);
  return sdk::seal(kMagic, out.take());
}

PairedRows PairedRows::load(std::string_view bytes, const Poll& poll) {
  constexpr auto most = pair_of(1, 1, true);
  sdk::ByteReader in(sdk::unseal(kMagic, bytes));
  PairedRows out;
  out.rows_ = GroupedRows::load(in, 2, poll, [&](std::span<const std::uint64_t> words) {
    for (std::size_t i = 0; i < words.size(); i += 2)
      in.require(words[i] <= most[0] && words[i + 1] <= most[1] && (words[i + 1] & kScoreMask) <= most[0],
                 "a score is not a probability");
  });
  in.end();
  return out;
}

}  // namespace assay::classification
