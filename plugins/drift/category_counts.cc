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
  out.flag(too_many_);
  out.u64(total_);
  out.u64(counts_.size());
  for (const auto& [text, rows] : counts_) {
    out.text(text);
    out.u64(rows);
  }
}

CategoryCounts CategoryCounts::load(sdk::ByteReader& in) {
  CategoryCounts out;
  const bool too_many = in.flag();
  const std::uint64_t total = in.rows();
  const std::size_t categories = in.count(16);
  in.require(categories <= kMaxCategories && (!too_many || categories == 0), "it has too many categories");
  std::string before;
  for (std::size_t i = 0; i < categories; ++i) {
    std::string text = in.text();
    in.require(i == 0 || before < text, "its categories are out of order");
    const std::uint64_t rows = in.rows();
    in.require(rows > 0, "a category occurs in no row");
    out.add(text, rows);
    before = std::move(text);
  }
  in.require(too_many || (out.total_ == total && !out.too_many_), "its categories do not add up");
  if (too_many) {
    out.give_up();
    out.total_ = total;
  }
  return out;
}

}  // namespace assay::drift
