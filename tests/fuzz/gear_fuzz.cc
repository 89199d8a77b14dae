// SPDX-License-Identifier: Apache-2.0
// Cutting keeps its limits and looks at nothing behind the cut. Input: the number of a block of 512 bytes,
// repeated.
#include <cstdlib>
#include <vector>

#include "storage/blob/gear.h"
#include "tests/fuzz/harness.h"

using namespace assay;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i < size && bytes.size() < kGearMax + 1000; ++i)
    for (std::size_t j = 0; j < 512; ++j)
      bytes.push_back(static_cast<std::byte>(data[i] * (j + 1) * 2654435761U >> 13));
  const std::size_t cut = gear_cut(bytes);
  if (cut > kGearMax || cut > bytes.size() || (cut < kGearMin && cut != bytes.size())) std::abort();
  const std::vector<std::byte> chunk(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(cut));
  if (gear_cut(chunk) != cut) std::abort();
  return 0;
}
