// SPDX-License-Identifier: Apache-2.0
#include "storage/env/entropy.h"

#include <openssl/rand.h>

#include <algorithm>
#include <climits>

#include "storage/base/error.h"

namespace assay {

void SystemEntropy::fill(std::span<std::byte> out) {
  while (!out.empty()) {
    const std::size_t part = std::min<std::size_t>(out.size(), INT_MAX);
    if (RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(part)) != 1)
      throw Error(Code::unavailable, "The random number generator failed; check the system's entropy source");
    out = out.subspan(part);
  }
}

}  // namespace assay
