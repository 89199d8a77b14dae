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
constexpr std::uint64_t kMostRows = std::uint64_t{1} << 48;

void require(bool holds, std::string_view otherwise) {
  if (!holds) throw sdk::ByteReader::corrupt(otherwise);
}

std::string bytes_of(const Table& table) {
  sdk::ByteWriter out;
  out.i64(table.rows);
  out.u64(table.columns.size());
  for (const ColumnState& column : table.columns) {
    out.text(column.name);
    out.u8(static_cast<std::uint8_t>(column.type));
    out.u8(column.is_label ? 1 : 0);
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
  const std::uint8_t type = in.u8(), label = in.u8();
  require(type <= static_cast<std::uint8_t>(sdk::Type::other) && label <= 1, "a column's type is unknown");
  out.type = static_cast<sdk::Type>(type);
  out.is_label = label == 1;
  for (Tally* tally : {&out.missing, &out.not_a_number, &out.infinite, &out.below, &out.above, &out.far,
                       &out.unknown_category})
    *tally = Tally::load(in, rows);
  out.finite = in.u64();
  out.low = in.f64();
  out.high = in.f64();
  require(out.finite <= static_cast<std::uint64_t>(rows), "a column has more numbers than rows");
  require(out.finite == 0 ? std::isinf(out.low) && std::isinf(out.high)
                          : std::isfinite(out.low) && std::isfinite(out.high) && out.low <= out.high,
          "a column's range is none");
  out.categories = Categories::load(in);
  return out;
}

// Every stored row must decode, because a later look at single columns relies on it.
void require_rows(const Table& table) {
  for (const RowStore::Distinct& row : table.store.distinct())
    require(is_row(table.store.bytes(row), table.columns.size()), "a row does not decode");
}

Table table_from(std::string_view bytes, std::size_t limit_bytes) {
  sdk::ByteReader in(bytes);
  Table out(limit_bytes);
  const std::uint64_t rows = in.u64();
  require(rows < kMostRows, "a row count is out of range");
  out.rows = static_cast<std::int64_t>(rows);
  const std::size_t columns = in.count(100);
  for (std::size_t i = 0; i < columns; ++i) out.columns.push_back(column_from(in, out.rows));
  out.store = RowStore::load(in, out.rows, limit_bytes);
  in.end();
  require_rows(out);
  return out;
}

}  // namespace

void Categories::save(sdk::ByteWriter& out) const {
  out.u8(too_many_ ? 1 : 0);
  out.u64(counts_.size());
  for (const auto& [text, rows] : counts_) {
    out.text(text);
    out.u64(rows);
  }
}

Categories Categories::load(sdk::ByteReader& in) {
  Categories out;
  const std::uint8_t too_many = in.u8();
  const std::size_t categories = in.count(16);
  require(too_many <= 1 && categories <= kMaxCategories && (too_many == 0 || categories == 0),
          "a column has too many categories");
  for (std::size_t i = 0; i < categories; ++i) {
    const std::string text = in.text();
    const std::uint64_t rows = in.u64();
    require(rows > 0 && rows < kMostRows && !out.contains(text),
            "a category is counted twice or out of range");
    out.add(text, rows);
  }
  require(!out.too_many_, "a column's categories are too long");
  if (too_many == 1) out.give_up();
  return out;
}

std::string Checked::save() const {
  sdk::ByteWriter out;
  out.text(bytes_of(table_));
  out.u8(reference_ ? 1 : 0);
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
  const std::uint8_t has_reference = in.u8();
  require(has_reference <= 1, "a flag is neither 0 nor 1");
  std::shared_ptr<const Table> reference;
  Tally overlap;
  if (has_reference == 1) {
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
