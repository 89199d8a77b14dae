// SPDX-License-Identifier: Apache-2.0
// Randomness, as a seam: whatever makes ids, names or secrets takes an Entropy, and a test hands it a counted
// one.
#pragma once

#include <cstddef>
#include <span>

namespace assay {

// Any thread may call `fill` at any time.
class Entropy {
 public:
  virtual ~Entropy() = default;

  // Overwrites `out`. Throws unavailable, leaving `out` unspecified, when the source has failed.
  virtual void fill(std::span<std::byte> out) = 0;
};

// OpenSSL's generator, seeded by the kernel: good enough for secrets.
class SystemEntropy final : public Entropy {
 public:
  void fill(std::span<std::byte> out) override;
};

}  // namespace assay
