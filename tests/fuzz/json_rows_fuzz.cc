// SPDX-License-Identifier: Apache-2.0
// Any bytes as the JSON of a scoring request: refused, or a table; and a table, written as JSON and read with its own
// types, is the same but for the order of its columns.
#include "registry/compute/json_rows.h"

#include <cstdlib>

#include "registry/compute/csv.h"
#include "tests/fuzz/harness.h"
#include "tests/fuzz/refusal.h"

namespace assay {
namespace {

constexpr auto kRefusals = {Code::invalid_argument, Code::too_large};

void check_again(const Table& table) {
  const TablePtr again = read_json_rows(write_json_rows(table), table.schema());
  if (again->rows() != table.rows()) std::abort();
  // A table without rows says nothing of its columns.
  if (table.rows() == 0) return;
  if (again->columns().size() != table.columns().size()) std::abort();
  for (const Column& column : table.columns()) {
    const Column* other = again->find(column.name());
    if (other == nullptr || other->spec() != column.spec()) std::abort();
    if (write_csv(Table({*other})) != write_csv(Table({column}))) std::abort();
  }
}

// `a` to `d` as declared columns of every type, or all guessed.
void check(std::string_view text, const TableSchema& declared) {
  TablePtr table;
  fuzz::taken(kRefusals, [&] { table = read_json_rows(text, declared); });
  if (table) check_again(*table);
}

}  // namespace
}  // namespace assay

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace assay;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(text, {});
  check(text, {{"a", ColumnType::f64}, {"b", ColumnType::i64}, {"c", ColumnType::boolean}, {"d", ColumnType::utf8}});
  return 0;
}
