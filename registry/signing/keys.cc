// SPDX-License-Identifier: Apache-2.0
#include "registry/signing/keys.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <cerrno>
#include <fstream>

#include "storage/base/digest.h"
#include "storage/base/error.h"
#include "storage/base/freed.h"

namespace assay {
namespace {

using Context = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using Memory = std::unique_ptr<BIO, Freed<BIO_free>>;

std::shared_ptr<EVP_PKEY> owned(EVP_PKEY* key) {
  return {key, [](EVP_PKEY* one) { EVP_PKEY_free(one); }};
}

Memory memory_of(std::string_view pem) {
  return Memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// A pass phrase cannot be asked for, so that no command ever waits for one.
int no_pass_phrase(char*, int, int, void*) {
  return -1;
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// Null for Ed25519, which hashes by itself.
const EVP_MD* hash_of(KeyKind kind) {
  switch (kind) {
    case KeyKind::p256:
      return EVP_sha256();
    case KeyKind::p384:
      return EVP_sha384();
    case KeyKind::p521:
      return EVP_sha512();
    case KeyKind::ed25519:
    case KeyKind::other:
      break;
  }
  return nullptr;
}

void require_for_models(KeyKind kind, std::string_view what) {
  if (kind != KeyKind::ed25519 && kind != KeyKind::other) return;
  throw Error(Code::invalid_argument,
              fmt::format("{} is no key that signs models, which is ECDSA on P-256, P-384 or P-521; make one with `openssl "
                          "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem` and its public half with "
                          "`openssl pkey -in key.pem -pubout -out public.pem`",
                          what));
}

}  // namespace

std::string read_pem(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw system_error("read the key file " + file.string(), errno);
  std::string text(kMaxPemBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kMaxPemBytes)
    throw Error(Code::invalid_argument,
                fmt::format("{} is longer than {} bytes: no file of keys is", file.string(), kMaxPemBytes));
  return text;
}

std::vector<PublicKey> PublicKey::parse_all(std::string_view pem, std::string_view what) {
  const Memory memory = memory_of(pem);
  std::vector<PublicKey> keys;
  while (EVP_PKEY* key = PEM_read_bio_PUBKEY(memory.get(), nullptr, no_pass_phrase, nullptr))
    keys.push_back(PublicKey(owned(key)));
  ERR_clear_error();
  if (keys.empty())
    throw Error(Code::invalid_argument,
                fmt::format("{} holds no public key in PEM; write one with `openssl pkey -in key.pem -pubout`", what));
  return keys;
}

PublicKey PublicKey::parse_for_models(std::string_view pem, std::string_view what) {
  std::vector<PublicKey> keys = parse_all(pem, what);
  if (keys.size() > 1)
    throw Error(Code::invalid_argument, fmt::format("{} holds {} public keys: give one", what, keys.size()));
  require_for_models(keys.front().kind(), what);
  return std::move(keys.front());
}

KeyKind PublicKey::kind() const {
  if (EVP_PKEY_id(key_.get()) == EVP_PKEY_ED25519) return KeyKind::ed25519;
  if (EVP_PKEY_id(key_.get()) != EVP_PKEY_EC) return KeyKind::other;
  std::array<char, 64> group{};
  std::size_t length = 0;
  if (EVP_PKEY_get_group_name(key_.get(), group.data(), group.size(), &length) != 1) return KeyKind::other;
  const std::string_view name(group.data(), length);
  if (name == "prime256v1") return KeyKind::p256;
  if (name == "secp384r1") return KeyKind::p384;
  return name == "secp521r1" ? KeyKind::p521 : KeyKind::other;
}

std::string PublicKey::pem() const {
  const Memory memory(BIO_new(BIO_s_mem()));
  char* text = nullptr;
  if (!memory || PEM_write_bio_PUBKEY(memory.get(), key_.get()) != 1)
    throw Error(Code::internal, "a public key cannot be written as PEM");
  const long length = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(length)};
}

std::string PublicKey::hint() const {
  return Digest::of(pem()).hex();
}

std::string PublicKey::fingerprint() const {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key_.get(), &der);
  if (size <= 0) throw Error(Code::internal, "a public key cannot be written as DER");
  const std::string text = Digest::of({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)}).text();
  OPENSSL_free(der);
  return text;
}

bool PublicKey::made(std::string_view signature, std::string_view message) const {
  const Context context(EVP_MD_CTX_new());
  const KeyKind mine = kind();
  const bool good = mine != KeyKind::other && context &&
                    EVP_DigestVerifyInit(context.get(), nullptr, hash_of(mine), nullptr, key_.get()) == 1 &&
                    EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(message),
                                     message.size()) == 1;
  ERR_clear_error();
  return good;
}

PrivateKey PrivateKey::parse(std::string_view pem, std::string_view what) {
  const Memory memory = memory_of(pem);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(memory.get(), nullptr, no_pass_phrase, nullptr);
  ERR_clear_error();
  if (key == nullptr)
    throw Error(Code::invalid_argument, fmt::format("{} holds no private key in PEM without a pass phrase", what));
  return PrivateKey(owned(key));
}

PrivateKey PrivateKey::parse_for_models(std::string_view pem, std::string_view what) {
  PrivateKey key = parse(pem, what);
  require_for_models(key.kind(), what);
  return key;
}

std::string PrivateKey::sign(std::string_view message) const {
  const Context context(EVP_MD_CTX_new());
  const KeyKind mine = kind();
  std::size_t size = 0;
  std::string signature;
  const auto sign_into = [&](unsigned char* out) {
    return EVP_DigestSign(context.get(), out, &size, bytes_of(message), message.size()) == 1;
  };
  bool good = mine != KeyKind::other && context &&
              EVP_DigestSignInit(context.get(), nullptr, hash_of(mine), nullptr, key_.get()) == 1 && sign_into(nullptr);
  if (good) {
    signature.resize(size);
    good = sign_into(reinterpret_cast<unsigned char*>(signature.data()));
  }
  ERR_clear_error();
  if (!good) throw Error(Code::internal, "OpenSSL does not sign with this key");
  signature.resize(size);  // ECDSA's are of several lengths
  return signature;
}

}  // namespace assay
