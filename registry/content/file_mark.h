// SPDX-License-Identifier: Apache-2.0
// The formats that a file's first bytes tell.
#pragma once

#include <span>
#include <string_view>

#include "registry/domain/content.h"

namespace assay {

struct FileMark {
  std::string_view format;
  FileContent::Answer pickle;
  FileContent::Answer safe;
  std::string_view reason;  // empty: none is needed
};

// Null when no mark of the table fits.
const FileMark* find_file_mark(std::span<const std::byte> start);
// Whether it reads as text (UTF-8 without control characters), as far as `start` goes.
bool is_text(std::span<const std::byte> start);

}  // namespace assay
