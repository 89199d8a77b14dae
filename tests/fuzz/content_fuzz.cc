// SPDX-License-Identifier: Apache-2.0
// Any bytes as a file: something is said of it, the same each time, and what is safe by itself stays unsafe in company.
#include "registry/content/check.h"

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/fuzz/harness.h"

namespace {

assay::FileContent check(std::span<const std::byte> bytes) {
  assay::SpanSource source(bytes);
  return assay::check_content(source);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using assay::FileContent;
  const auto bytes = std::as_bytes(std::span(data, size));
  const FileContent content = check(bytes);
  if (content != check(bytes)) std::abort();
  if (content != assay::content_from_json(nlohmann::json(content), "content")) std::abort();
  // Behind a pickle that is known to be bad, nothing makes it good.
  constexpr char kBad[] = "\x80\x02" "cposix\nsystem\nX\x04\x00\x00\x00true\x85R.";
  std::string company(kBad, sizeof kBad - 1);
  company.append(reinterpret_cast<const char*>(data), size);
  const FileContent bad = check(std::as_bytes(std::span(company)));
  if (bad.pickle != FileContent::Answer::yes || bad.safe != FileContent::Answer::no) std::abort();
  return 0;
}
