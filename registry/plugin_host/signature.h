// SPDX-License-Identifier: Apache-2.0
// Who vouches for a plugin: an Ed25519 signature of the library's bytes in a file beside it, LIBRARY.sig, 64
// bytes as `openssl pkeyutl -sign -rawin` writes them, and the public keys that this host trusts.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assay {

inline constexpr std::size_t kSignatureBytes = 64;

// Where the signature of the library at `file` is looked for.
std::filesystem::path signature_file(const std::filesystem::path& file);

// Writes signature_file(library), replacing it whole. `private_key` is a PEM file with an Ed25519 key. Throws
// invalid_argument for another kind of key, not_found and the like for the files.
std::filesystem::path sign_library(const std::filesystem::path& library,
                                   const std::filesystem::path& private_key);

// Public keys, any of which is enough. Copies share them. Any thread.
class TrustedKeys {
 public:
  // No keys: everything is trusted, signed or not.
  TrustedKeys();
  // Every public key in a PEM file. Throws invalid_argument when it holds none, or another kind than Ed25519.
  static TrustedKeys load(const std::filesystem::path& pem);

  bool empty() const;
  // The key (its SHA-256 as `openssl pkey -pubin -outform DER | sha256sum` gives it) whose signature of
  // `library` stands in signature_file(file); nothing without keys. Throws denied when there is no signature,
  // or none of these keys made it, naming `what` and what to do.
  std::optional<std::string> require(std::string_view library, const std::filesystem::path& file,
                                     std::string_view what) const;

 private:
  struct Keys;
  std::shared_ptr<const Keys> keys_;
};

}  // namespace assay
