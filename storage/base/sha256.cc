// SPDX-License-Identifier: Apache-2.0
#include "storage/base/sha256.h"

#include <openssl/evp.h>

#include "storage/base/error.h"

namespace assay {
namespace {

void check(int ok) {
  if (ok != 1) throw Error(Code::internal, "OpenSSL refused to compute SHA-256");
}

}  // namespace

void Sha256::Free::operator()(evp_md_ctx_st* context) const {
  EVP_MD_CTX_free(context);
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  check(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr));
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::span<const std::byte> bytes) {
  check(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
}

Digest Sha256::finish() {
  Digest::Bytes bytes;
  check(EVP_DigestFinal_ex(context_.get(), bytes.data(), nullptr));
  check(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr));
  return Digest(bytes);
}

}  // namespace assay
