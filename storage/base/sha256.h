// SPDX-License-Identifier: Apache-2.0
// Incremental SHA-256 (FIPS 180-4) over OpenSSL's EVP, which uses the CPU's SHA instructions where it has
// them.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "storage/base/digest.h"

struct evp_md_ctx_st;

namespace assay {

// One thread at a time. After `finish` the object hashes a new message.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(std::span<const std::byte> bytes);
  Digest finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

}  // namespace assay
