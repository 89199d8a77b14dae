// SPDX-License-Identifier: Apache-2.0
// Any bytes as a pickle: followed to some end within them, with no more kept than the limits say.
#include "registry/content/pickle_walk.h"

#include <cstdlib>

#include "tests/fuzz/harness.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace assay;
  SpanSource source(std::as_bytes(std::span(data, size)));
  const auto stream = source.open(0, size);
  ReadBudget budget{size};
  ByteCursor cursor(*stream, budget);
  const PickleWalk walk = walk_pickle(cursor);
  if (walk.length > size || walk.instructions > size) std::abort();
  if (walk.imports.size() > PickleWalk::kMaxImports || walk.plain.size() > PickleWalk::kMaxImports) std::abort();
  if (walk.called && !walk.imports_anything()) std::abort();
  if (walk.end == PickleWalk::End::stop && (walk.length == 0 || data[walk.length - 1] != '.')) std::abort();
  return 0;
}
