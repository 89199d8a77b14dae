// SPDX-License-Identifier: Apache-2.0
// An identity provider for tests: real keys made on the spot, its published key set, and tokens that it signs.
#pragma once

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "tests/support/catch.h"

namespace assay::test {

inline std::string base64url(std::string_view bytes) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char byte : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(byte);
    for (held += 8; held >= 6; held -= 6) out.push_back(letters[bits >> (held - 6) & 63]);
  }
  if (held > 0) out.push_back(letters[bits << (6 - held) & 63]);
  return out;
}

class IdentityKey {
 public:
  static IdentityKey rsa(const std::string& id, unsigned bits = 2048) { return {id, "RS256", EVP_RSA_gen(bits)}; }
  static IdentityKey ec(const std::string& id) { return {id, "ES256", EVP_EC_gen("P-256")}; }

  nlohmann::json jwk() const {
    nlohmann::json out = {{"kid", id_}, {"use", "sig"}, {"alg", algorithm_}};
    if (algorithm_ == "RS256") {
      out.update({{"kty", "RSA"}, {"n", number(OSSL_PKEY_PARAM_RSA_N)}, {"e", number(OSSL_PKEY_PARAM_RSA_E)}});
    } else {
      out.update({{"kty", "EC"}, {"crv", "P-256"}, {"x", number(OSSL_PKEY_PARAM_EC_PUB_X, 32)},
                  {"y", number(OSSL_PKEY_PARAM_EC_PUB_Y, 32)}});
    }
    return out;
  }

  // A token with these claims; `header` goes over the usual one.
  std::string sign(const nlohmann::json& claims, const nlohmann::json& header = nlohmann::json::object()) const {
    nlohmann::json whole = {{"alg", algorithm_}, {"kid", id_}, {"typ", "JWT"}};
    whole.update(header);
    const std::string message = base64url(whole.dump()) + "." + base64url(claims.dump());
    return message + "." + base64url(signature(message));
  }

  const std::string& algorithm() const { return algorithm_; }

 private:
  IdentityKey(std::string id, std::string algorithm, EVP_PKEY* key)
      : id_(std::move(id)), algorithm_(std::move(algorithm)), key_(key, EVP_PKEY_free) {
    REQUIRE(key != nullptr);
  }

  std::string number(const char* parameter, int size = 0) const {
    BIGNUM* value = nullptr;
    REQUIRE(EVP_PKEY_get_bn_param(key_.get(), parameter, &value) == 1);
    std::string bytes(static_cast<std::size_t>(size > 0 ? size : BN_num_bytes(value)), '\0');
    BN_bn2binpad(value, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    BN_free(value);
    return base64url(bytes);
  }

  std::string signature(const std::string& message) const {
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    std::size_t size = 0;
    const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
    REQUIRE(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1);
    REQUIRE(EVP_DigestSign(context.get(), nullptr, &size, bytes, message.size()) == 1);
    std::string out(size, '\0');
    REQUIRE(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, bytes, message.size()) == 1);
    out.resize(size);
    return algorithm_ == "ES256" ? side_by_side(out) : out;
  }

  // r and s as JWS wants them.
  static std::string side_by_side(const std::string& der) {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    const std::unique_ptr<ECDSA_SIG, void (*)(ECDSA_SIG*)> pair(
        d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())), ECDSA_SIG_free);
    std::string out(64, '\0');
    auto* bytes = reinterpret_cast<unsigned char*>(out.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), bytes, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), bytes + 32, 32);
    return out;
  }

  std::string id_;
  std::string algorithm_;
  std::shared_ptr<EVP_PKEY> key_;
};

}  // namespace assay::test
