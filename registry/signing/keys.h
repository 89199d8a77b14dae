// SPDX-License-Identifier: Apache-2.0
// Key pairs in PEM: Ed25519, and ECDSA on the curves P-256, P-384 and P-521, each with the hash of its size.
// Bare Ed25519 keys, without PEM, are storage/base/ed25519.h's.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace assay {

// No key file is longer, and a page of public keys fits.
inline constexpr std::size_t kMaxPemBytes = 1 << 20;

enum class KeyKind { ed25519, p256, p384, p521, other };

// The file's text. Throws not_found and the like, invalid_argument past kMaxPemBytes: no file of keys is as long.
std::string read_pem(const std::filesystem::path& file);

// Copies share the key. Any thread.
class PublicKey {
 public:
  // Every public key in `pem`. Throws invalid_argument, naming `what`, when there is none.
  static std::vector<PublicKey> parse_all(std::string_view pem, std::string_view what);
  // The same, when there must be exactly one, of a kind that signs models: not Ed25519, which the format's other tools
  // do not read, nor `other`. Throws invalid_argument.
  static PublicKey parse_for_models(std::string_view pem, std::string_view what);

  KeyKind kind() const;
  std::string pem() const;          // as `openssl pkey -pubout` prints it
  std::string hint() const;         // the hex SHA-256 of that text, by which signatures name their key
  std::string fingerprint() const;  // sha256:…, of the key as DER
  // Whether `signature` is one of `message` by this key.
  bool made(std::string_view signature, std::string_view message) const;

 private:
  friend class PrivateKey;
  explicit PublicKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}

  std::shared_ptr<evp_pkey_st> key_;
};

class PrivateKey {
 public:
  // Throws invalid_argument, naming `what`, unless `pem` holds a private key without a pass phrase.
  static PrivateKey parse(std::string_view pem, std::string_view what);
  // The same, of a kind that signs models.
  static PrivateKey parse_for_models(std::string_view pem, std::string_view what);

  KeyKind kind() const { return public_key().kind(); }
  PublicKey public_key() const { return PublicKey(key_); }
  std::string sign(std::string_view message) const;

 private:
  explicit PrivateKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}

  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace assay
