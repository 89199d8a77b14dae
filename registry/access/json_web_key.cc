// SPDX-License-Identifier: Apache-2.0
#include "registry/access/json_web_key.h"

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <cstdint>
#include <nlohmann/json.hpp>

#include "registry/domain/json_reader.h"
#include "storage/base/base64.h"
#include "storage/base/error.h"
#include "storage/base/freed.h"

namespace assay {
namespace {

using nlohmann::json;

using KeyPointer = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, Freed<BN_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM_free>>;
using EcSignature = std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG_free>>;

constexpr std::size_t kFieldSize = 32;      // of P-256, bytes
constexpr std::size_t kMaxNumber = 1024;    // bytes: RSA of 8192 bits; more only costs time
constexpr std::size_t kMaxKeyIdSize = 256;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Number number_of(std::string_view bytes) {
  return Number(BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr));
}

// Null when OpenSSL does not take them.
KeyPointer key_from(const char* type, OSSL_PARAM_BLD* builder) {
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1)
    return nullptr;
  return KeyPointer(key);
}

std::string binary_member(const json& key, const char* member, std::size_t most) {
  const auto found = key.find(member);
  if (found == key.end() || !found->is_string())
    throw Error(Code::invalid_argument, fmt::format("keys: a key has no member \"{}\"", member));
  auto bytes = from_base64url(found->get_ref<const std::string&>());
  if (!bytes || bytes->empty() || bytes->size() > most)
    throw Error(Code::invalid_argument,
                fmt::format("keys: the member \"{}\" of a key is no base64url of 1 to {} bytes", member, most));
  return *std::move(bytes);
}

KeyPointer rsa_key(const json& key) {
  const Number modulus = number_of(binary_member(key, "n", kMaxNumber));
  const Number exponent = number_of(binary_member(key, "e", sizeof(std::uint64_t)));
  const Builder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get());
  if (BN_num_bits(modulus.get()) < JsonWebKeys::kMinRsaBits)
    throw Error(Code::invalid_argument,
                fmt::format("keys: an RSA key has {} bits, and {} are needed", BN_num_bits(modulus.get()),
                            JsonWebKeys::kMinRsaBits));
  return key_from("RSA", builder.get());
}

KeyPointer ec_key(const json& key) {
  const std::string x = binary_member(key, "x", kFieldSize), y = binary_member(key, "y", kFieldSize);
  if (x.size() != kFieldSize || y.size() != kFieldSize)
    throw Error(Code::invalid_argument, "keys: a P-256 key has coordinates of another size");
  const std::string point = '\x04' + x + y;
  const Builder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  return key_from("EC", builder.get());
}

std::string text_member(const json& key, const char* member) {
  const auto found = key.find(member);
  return found != key.end() && found->is_string() ? found->get<std::string>() : "";
}

// A JWS holds r and s side by side, OpenSSL wants them in DER.
std::string der_of(std::string_view signature) {
  if (signature.size() != 2 * kFieldSize) return {};
  const EcSignature pair(ECDSA_SIG_new());
  Number r = number_of(signature.substr(0, kFieldSize)), s = number_of(signature.substr(kFieldSize));
  if (!pair || !r || !s || ECDSA_SIG_set0(pair.get(), r.release(), s.release()) != 1) return {};
  std::string out(static_cast<std::size_t>(i2d_ECDSA_SIG(pair.get(), nullptr)), '\0');
  auto* end = reinterpret_cast<unsigned char*>(out.data());
  i2d_ECDSA_SIG(pair.get(), &end);
  return out;
}

}  // namespace

struct JsonWebKeys::Key {
  std::string algorithm;  // RS256 or ES256
  KeyPointer key;
};

JsonWebKeys JsonWebKeys::parse(const json& document) {
  JsonObject object(document, "keys");
  JsonWebKeys out;
  for (const json& one : object.array("keys", kMaxKeys)) {
    if (!one.is_object()) throw Error(Code::invalid_argument, "keys: a key is no object");
    const std::string type = text_member(one, "kty"), use = text_member(one, "use");
    const std::string algorithm = type == "RSA" ? "RS256" : type == "EC" && text_member(one, "crv") == "P-256" ? "ES256" : "";
    const std::string said = text_member(one, "alg");
    if (algorithm.empty() || (!use.empty() && use != "sig") || (!said.empty() && said != algorithm)) continue;
    const std::string id = text_member(one, "kid");
    if (id.empty() || id.size() > kMaxKeyIdSize) throw Error(Code::invalid_argument, "keys: a key has no \"kid\"");
    KeyPointer key = type == "RSA" ? rsa_key(one) : ec_key(one);
    if (!key) throw Error(Code::invalid_argument, fmt::format("keys: the key \"{}\" is not one", id));
    if (!out.keys_.emplace(id, std::make_shared<Key>(Key{algorithm, std::move(key)})).second)
      throw Error(Code::invalid_argument, fmt::format("keys: two keys are called \"{}\"", id));
  }
  if (out.keys_.empty()) throw Error(Code::invalid_argument, "keys: there is no RSA or P-256 key for signatures among them");
  return out;
}

bool JsonWebKeys::verify(std::string_view key_id, std::string_view algorithm, std::string_view message,
                         std::string_view signature) const {
  const auto found = keys_.find(key_id);
  if (found == keys_.end() || found->second->algorithm != algorithm) return false;
  const std::string der = algorithm == "ES256" ? der_of(signature) : std::string(signature);
  const DigestContext context(EVP_MD_CTX_new());
  return !der.empty() && context &&
         EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, found->second->key.get()) == 1 &&
         EVP_DigestVerify(context.get(), bytes_of(der), der.size(), bytes_of(message), message.size()) == 1;
}

}  // namespace assay
