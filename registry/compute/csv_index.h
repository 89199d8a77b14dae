// SPDX-License-Identifier: Apache-2.0
// Where the cells of a stretch of CSV end, 64 bytes at a time. It finds the records that it is sure of and judges
// nothing: what is odd is left to CsvScanner, which reads the same bytes one by one and words the error.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "storage/base/cpu.h"

namespace assay {

struct CsvIndex {
  // What stands in 64 bytes, a bit a byte.
  struct Masks {
    std::uint64_t quote, comma, line_feed, carriage_return;
  };

  // ends[0] is one before the text, then the place of the comma or line feed behind each cell. It is longer than
  // what counts: cells + 1.
  std::vector<std::uint32_t> ends;
  std::size_t cells = 0;    // up to the last record's end
  std::size_t records = 0;  // line feeds outside quotes
  std::size_t bytes = 0;    // up to behind the last of them
  bool odd = false;         // not to be relied on: NUL, a bare CR, a quote inside an unquoted cell or behind a quoted one
  bool ascii = true;
  bool quotes = false;
  bool carriage_returns = false;

  std::vector<Masks> masks;  // scratch
};

// `text` starts a record and has less than 4 GiB; `index` is reused between calls. The same whatever `cpu` has.
void index_csv(const Cpu& cpu, std::string_view text, CsvIndex& index);

}  // namespace assay
