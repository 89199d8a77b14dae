// SPDX-License-Identifier: Apache-2.0
// The saved state: the window's profile, then the reference's profile and the window's counters if there is
// one. Grids are not stored, for the reference's profile gives them again.
#include <cmath>
#include <numeric>

#include "assay/bytes.hpp"
#include "profile.h"

namespace assay::drift {
namespace {

constexpr std::string_view kMagic = "assay.drift/1";
template <class Enum>
Enum get_enum(sdk::ByteReader& in, Enum last) {
  const std::uint8_t value = in.u8();
  in.require(value <= static_cast<std::uint8_t>(last), "a kind of column is unknown");
  return static_cast<Enum>(value);
}

std::string bytes_of(const Profile& profile) {
  sdk::ByteWriter out;
  out.u64(profile.rows);
  out.u64(profile.columns.size());
  for (const ColumnProfile& column : profile.columns) {
    out.text(column.name);
    out.u8(static_cast<std::uint8_t>(column.kind));
    out.u8(static_cast<std::uint8_t>(column.part));
    out.u64(column.missing);
    column.values.save(out);
    column.categories.save(out);
  }
  return out.take();
}

Profile profile_from(sdk::ByteReader& in, std::size_t limit) {
  Profile out;
  out.rows = in.rows();
  const std::size_t columns = in.count(44);
  for (std::size_t i = 0; i < columns; ++i) {
    ColumnProfile column(limit);
    column.name = in.text();
    column.kind = get_enum(in, Kind::unreadable);
    column.part = get_enum(in, Part::score);
    column.missing = in.u64();
    column.values = ValueCounts::load(in, limit);
    column.categories = CategoryCounts::load(in);
    in.require(column.missing <= out.rows, "a column has more rows than the table");
    in.require(column.kind == Kind::unreadable || column.present() + column.missing == out.rows,
            "the rows of a column do not add up");
    out.columns.push_back(std::move(column));
  }
  return out;
}

}  // namespace

std::string Window::save() const {
  sdk::ByteWriter out;
  out.text(bytes_of(profile_));
  out.flag(reference_ != nullptr);
  if (reference_) {
    out.text(bytes_of(reference_->profile));
    for (const Counts& counters : counters_) {
      out.u64(counters.size());
      for (const std::uint64_t count : counters) out.u64(count);
    }
  }
  return sdk::seal(kMagic, out.take());
}

Profile Window::load_profile(std::string_view bytes, std::size_t limit) {
  sdk::ByteReader in(sdk::unseal(kMagic, bytes));
  const std::string text = in.text();
  sdk::ByteReader part(text);
  Profile out = profile_from(part, limit);
  part.end();
  return out;
}

Window Window::load(std::string_view bytes, std::size_t limit) {
  sdk::ByteReader in(sdk::unseal(kMagic, bytes));
  const std::string own = in.text();
  sdk::ByteReader own_part(own);
  Profile profile = profile_from(own_part, limit);
  own_part.end();
  const bool has_reference = in.flag();
  std::shared_ptr<const Reference> reference;
  if (has_reference) {
    const std::string other = in.text();
    sdk::ByteReader other_part(other);
    reference = std::make_shared<const Reference>(profile_from(other_part, limit));
    other_part.end();
  }
  Window out(std::move(profile), std::move(reference));
  for (std::size_t i = 0; has_reference && i < out.counters_.size(); ++i) {
    Counts& counters = out.counters_[i];
    in.require(in.count(8) == counters.size(), "a column has another number of bins than its reference gives");
    std::uint64_t total = 0;
    for (std::uint64_t& count : counters) {
      count = in.rows();
      total += count;
    }
    in.require(counters.empty() || total == out.profile_.columns[i].values.total(),
            "the bins of a column do not add up");
  }
  in.end();
  return out;
}

}  // namespace assay::drift
