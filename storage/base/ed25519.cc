// SPDX-License-Identifier: Apache-2.0
#include "storage/base/ed25519.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <memory>

#include "storage/base/error.h"
#include "storage/base/freed.h"

namespace assay {
namespace {

using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Context = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

void check(bool ok) {
  if (!ok) throw Error(Code::internal, "OpenSSL refused to compute an Ed25519 signature");
}

Key private_key(const Ed25519Seed& seed) {
  Key key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
  check(key != nullptr);
  return key;
}

}  // namespace

Ed25519PublicKey ed25519_public_key(const Ed25519Seed& seed) {
  Ed25519PublicKey out;
  std::size_t size = out.size();
  check(EVP_PKEY_get_raw_public_key(private_key(seed).get(), out.data(), &size) == 1);
  return out;
}

std::string ed25519_sign(const Ed25519Seed& seed, std::string_view message) {
  const Key key = private_key(seed);
  const Context context(EVP_MD_CTX_new());
  std::string out(kEd25519SignatureSize, '\0');
  std::size_t size = out.size();
  check(context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
        EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, bytes_of(message),
                       message.size()) == 1);
  return out;
}

bool ed25519_verify(const Ed25519PublicKey& bytes, std::string_view signature, std::string_view message) {
  const Key key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes.data(), bytes.size()));
  const Context context(EVP_MD_CTX_new());
  const bool good = key && context &&
                    EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
                    EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(message),
                                     message.size()) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace assay
