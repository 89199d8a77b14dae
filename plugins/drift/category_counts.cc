// SPDX-License-Identifier: Apache-2.0
// Distinct texts only grow with the rows, so whether there are too many does not depend on their order.
#include "category_counts.h"

namespace assay::drift {

void CategoryCounts::add(std::string_view text, std::uint64_t rows) {
  total_ += rows;
  if (too_many_) return;
  if (const auto found = counts_.find(text); found != counts_.end()) {
    found->second += rows;
    return;
  }
  bytes_ += text.size();
  if (counts_.size() >= kMaxCategories || bytes_ > kMaxCategoryBytes) return give_up();
  counts_.emplace(text, rows);
}

void CategoryCounts::give_up() {
  too_many_ = true;
  counts_.clear();
  bytes_ = 0;
}

void CategoryCounts::merge(const CategoryCounts& from) {
  const CategoryCounts other = from;  // also when it is this very object
  for (const auto& [text, rows] : other.counts_) add(text, rows);
  if (other.too_many_) {
    total_ += other.total_;
    give_up();
  }
}

void CategoryCounts::save(sdk::ByteWriter& out) const {
  out.u8(too_many_ ? 1 : 0);
  out.u64(total_);
  out.u64(counts_.size());
  for (const auto& [text, rows] : counts_) {
    out.text(text);
    out.u64(rows);
  }
}

CategoryCounts CategoryCounts::load(sdk::ByteReader& in) {
  const auto require = [](bool holds, std::string_view otherwise) {
    if (!holds) throw sdk::ByteReader::corrupt(otherwise);
  };
  constexpr std::uint64_t most = std::uint64_t{1} << 48;
  CategoryCounts out;
  const std::uint8_t too_many = in.u8();
  const std::uint64_t total = in.u64();
  require(too_many <= 1 && total < most, "a category count is out of range");
  const std::size_t categories = in.count(16);
  require(categories <= kMaxCategories && (too_many == 0 || categories == 0), "it has too many categories");
  std::string before;
  for (std::size_t i = 0; i < categories; ++i) {
    std::string text = in.text();
    require(i == 0 || before < text, "its categories are out of order");
    const std::uint64_t rows = in.u64();
    require(rows > 0 && rows < most, "a category count is out of range");
    out.add(text, rows);
    before = std::move(text);
  }
  require(too_many == 1 || (out.total_ == total && !out.too_many_), "its categories do not add up");
  if (too_many == 1) {
    out.give_up();
    out.total_ = total;
  }
  return out;
}

}  // namespace assay::drift
