// SPDX-License-Identifier: Apache-2.0
// What a CSV column may still be, as its cells are seen.
#pragma once

#include <optional>
#include <string_view>

#include "registry/compute/literal.h"
#include "registry/compute/table.h"

namespace assay {

struct CsvGuess {
  std::optional<ColumnType> declared;
  bool i64 = true, f64 = true, boolean = true, any = false;
  std::size_t text_bytes = 0;

  // A cell that is not empty.
  void see(std::string_view text) {
    any = true;
    // From the narrowest on: a column that failed a type is never tried for it again.
    if (i64 && !parse_i64(text)) i64 = false;
    if (!i64 && f64 && !parse_f64(text)) f64 = false;
    if (boolean && !parse_bool(text)) boolean = false;
  }
  bool settled() const { return declared || !(i64 || f64 || boolean); }
  ColumnType type() const {
    if (declared) return *declared;
    if (!any) return ColumnType::f64;
    if (i64) return ColumnType::i64;
    if (f64) return ColumnType::f64;
    return boolean ? ColumnType::boolean : ColumnType::utf8;
  }
};

}  // namespace assay
