// SPDX-License-Identifier: Apache-2.0
// A search is read or refused with a message in UTF-8; what is read, written as text, reads the same again.
#include <cstdlib>
#include <string_view>

#include "registry/domain/search.h"
#include "registry/domain/utf8.h"
#include "storage/base/error.h"
#include "tests/fuzz/harness.h"

using namespace assay;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const Search search = parse_search(text);
    const std::string written = to_text(search);
    // Quotes and brackets may make it too long to be read.
    if (written.size() <= kMaxSearchBytes && !(parse_search(written) == search)) std::abort();
  } catch (const Error& error) {
    if (error.code() != Code::invalid_argument && error.code() != Code::too_large) std::abort();
    for (std::string_view rest = error.message(); !rest.empty();)
      if (!take_code_point(rest)) std::abort();
  }
  return 0;
}
