// SPDX-License-Identifier: Apache-2.0
// A search is read or refused with a message in UTF-8; what is read, written as text, reads the same again.
#include <cstdlib>
#include <string_view>

#include "registry/domain/search.h"
#include "tests/fuzz/harness.h"
#include "tests/fuzz/refusal.h"

using namespace assay;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  fuzz::taken({Code::invalid_argument, Code::too_large}, [&] {
    const Search search = parse_search(text);
    const std::string written = to_text(search);
    // Quotes and brackets may make it too long to be read.
    if (written.size() <= kMaxSearchBytes && !(parse_search(written) == search)) std::abort();
  });
  return 0;
}
