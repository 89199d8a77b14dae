// SPDX-License-Identifier: Apache-2.0
// The saved state: the table, then what was found against a reference and that reference itself if there is
// one.
#include <cmath>

#include "assay/bytes.hpp"
#include "row_codec.h"
#include "table_state.h"

namespace assay::table_contract {
namespace {

constexpr std::string_view kMagic = "assay.table_contract/1";
std::string bytes_of(const Table& table) {
  sdk::ByteWriter out;
  out.i64(table.rows);
  out.u64(table.columns.size());
  for (const ColumnState& column : table.columns) {
    out.text(column.name);
    out.u8(static_cast<std::uint8_t>(column.type));
    out.flag(column.is_label);
    for (const Tally* tally : {&column.missing, &column.not_a_number, &column.infinite, &column.below,
                               &column.above, &column.far, &column.unknown_category})
      tally->save(out);
    out.u64(column.finite);
    out.f64(column.low);
    out.f64(column.high);
    column.categories.save(out);
  }
  table.store.save(out);
  return out.take();
}

ColumnState column_from(sdk::ByteReader& in, std::int64_t rows) {
  ColumnState out;
  out.name = in.text();
  const std::uint8_t type = in.u8();
  in.require(type <= static_cast<std::uint8_t>(sdk::Type::other), "a column's type is unknown");
  out.type = static_cast<sdk::Type>(type);
  out.is_label = in.flag();
  for (Tally* tally : {&out.missing, &out.not_a_number, &out.infinite, &out.below, &out.above, &out.far,
                       &out.unknown_category})
    *tally = Tally::load(in, rows);
  out.finite = in.u64();
  out.low = in.f64();
  out.high = in.f64();
  in.require(out.finite <= static_cast<std::uint64_t>(rows), "a column has more numbers than rows");
  in.require(out.finite == 0 ? std::isinf(out.low) && std::isinf(out.high)
                          : std::isfinite(out.low) && std::isfinite(out.high) && out.low <= out.high,
          "a column's range is none");
  out.categories = Categories::load(in);
  return out;
}

// Every stored row must decode, because a later look at single columns relies on it.
void require_rows(const Table& table) {
  for (const RowStore::Distinct& row : table.store.distinct())
    sdk::ByteReader::require(is_row(table.store.bytes(row), table.columns.size()), "a row does not decode");
}

Table table_from(std::string_view bytes, std::size_t limit_bytes) {
  sdk::ByteReader in(bytes);
  Table out(limit_bytes);
  out.rows = static_cast<std::int64_t>(in.rows());
  const std::size_t columns = in.count(100);
  for (std::size_t i = 0; i < columns; ++i) out.columns.push_back(column_from(in, out.rows));
  out.store = RowStore::load(in, out.rows, limit_bytes);
  in.end();
  require_rows(out);
  return out;
}

}  // namespace

void Categories::save(sdk::ByteWriter& out) const {
  out.flag(too_many_);
  out.u64(counts_.size());
  for (const auto& [text, rows] : counts_) {
    out.text(text);
    out.u64(rows);
  }
}

Categories Categories::load(sdk::ByteReader& in) {
  Categories out;
  const bool too_many = in.flag();
  const std::size_t categories = in.count(16);
  in.require(categories <= kMaxCategories && (!too_many || categories == 0),
          "a column has too many categories");
  for (std::size_t i = 0; i < categories; ++i) {
    const std::string text = in.text();
    const std::uint64_t rows = in.rows();
    in.require(rows > 0 && !out.contains(text),
            "a category is counted twice or out of range");
    out.add(text, rows);
  }
  in.require(!out.too_many_, "a column's categories are too long");
  if (too_many) out.give_up();
  return out;
}

std::string Checked::save() const {
  sdk::ByteWriter out;
  out.text(bytes_of(table_));
  out.flag(reference_ != nullptr);
  if (reference_) {
    overlap_.save(out);
    out.text(bytes_of(*reference_));
  }
  return sdk::seal(kMagic, out.take());
}

Table Checked::load_table(std::string_view bytes, std::size_t limit_bytes) {
  sdk::ByteReader in(sdk::unseal(kMagic, bytes));
  return table_from(in.take(in.count(1)), limit_bytes);
}

Checked Checked::load(std::string_view bytes, const sdk::Schema& schema, const std::string& label,
                      std::size_t limit_bytes) {
  sdk::ByteReader in(sdk::unseal(kMagic, bytes));
  Table table = table_from(in.take(in.count(1)), limit_bytes);
  const bool has_reference = in.flag();
  std::shared_ptr<const Table> reference;
  Tally overlap;
  if (has_reference) {
    overlap = Tally::load(in, table.rows);
    reference = std::make_shared<const Table>(table_from(in.take(in.count(1)), limit_bytes));
  }
  in.end();
  Checked out(schema, label, limit_bytes, std::move(reference));
  bool same = table.columns.size() == out.table_.columns.size();
  for (std::size_t i = 0; same && i < table.columns.size(); ++i)
    same = table.columns[i].name == out.table_.columns[i].name &&
           table.columns[i].type == out.table_.columns[i].type;
  if (!same)
    throw sdk::Error(
        ASSAY_E_INVALID_ARGUMENT,
        "the saved validation is of other columns; restore it with the schema that it began with");
  out.table_ = std::move(table);
  out.overlap_ = std::move(overlap);
  return out;
}

}  // namespace assay::table_contract
