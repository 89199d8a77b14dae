// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/signature.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cerrno>
#include <fstream>

#include "registry/plugin_host/library.h"
#include "storage/base/digest.h"
#include "storage/base/error.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Context = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using Memory = std::unique_ptr<BIO, Freed<BIO_free>>;

constexpr std::size_t kMaxPemBytes = 1 << 20;

std::string read_pem(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw system_error("read the key file " + file.string(), errno);
  std::string text(kMaxPemBytes, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

void require_ed25519(const Key& key, const fs::path& file) {
  if (EVP_PKEY_id(key.get()) != EVP_PKEY_ED25519)
    throw Error(Code::invalid_argument,
                fmt::format("{} holds a key that is not Ed25519; make one with `openssl genpkey -algorithm "
                            "ed25519 -out key.pem`",
                            file.string()));
}

// A pass phrase cannot be asked for, so that no command ever waits for one.
int no_pass_phrase(char*, int, int, void*) {
  return -1;
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

bool made_by(EVP_PKEY* key, std::string_view signature, std::string_view library) {
  const Context context(EVP_MD_CTX_new());
  const bool good = context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key) == 1 &&
                    EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(library),
                                     library.size()) == 1;
  ERR_clear_error();
  return good;
}

// SHA-256 of the key as DER.
std::string fingerprint(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  if (size <= 0) throw Error(Code::internal, "a public key cannot be written as DER");
  const std::string text = Digest::of({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)}).text();
  OPENSSL_free(der);
  return text;
}

// As it stands in the file, however long; at most one byte more than a signature has.
std::optional<std::string> read_signature(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::nullopt;
  std::string text(kSignatureBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

}  // namespace

fs::path signature_file(const fs::path& file) {
  return file.string() + ".sig";
}

fs::path sign_library(const fs::path& library, const fs::path& private_key) {
  const std::string bytes = read_library(library);
  const std::string pem = read_pem(private_key);
  const Memory memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const Key key(PEM_read_bio_PrivateKey(memory.get(), nullptr, no_pass_phrase, nullptr));
  ERR_clear_error();
  if (!key)
    throw Error(Code::invalid_argument,
                fmt::format("{} holds no private key in PEM without a pass phrase", private_key.string()));
  require_ed25519(key, private_key);
  const Context context(EVP_MD_CTX_new());
  std::string signature(kSignatureBytes, '\0');
  std::size_t size = signature.size();
  if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes_of(bytes),
                     bytes.size()) != 1)
    throw Error(Code::internal, fmt::format("OpenSSL does not sign {}", library.string()));
  const fs::path target = signature_file(library), part = target.string() + ".part";
  std::ofstream out(part, std::ios::binary | std::ios::trunc);
  out.write(signature.data(), static_cast<std::streamsize>(signature.size()));
  out.close();
  if (!out) throw system_error("write " + part.string(), errno);
  fs::rename(part, target);
  return target;
}

struct TrustedKeys::Keys {
  std::vector<Key> all;
};

TrustedKeys::TrustedKeys() : keys_(std::make_shared<Keys>()) {}

TrustedKeys TrustedKeys::load(const fs::path& pem) {
  const std::string text = read_pem(pem);
  const Memory memory(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  auto keys = std::make_shared<Keys>();
  while (Key key{PEM_read_bio_PUBKEY(memory.get(), nullptr, no_pass_phrase, nullptr)}) {
    require_ed25519(key, pem);
    keys->all.push_back(std::move(key));
  }
  ERR_clear_error();
  if (keys->all.empty())
    throw Error(Code::invalid_argument,
                fmt::format("{} holds no public key in PEM; write one with `openssl pkey -in key.pem -pubout`",
                            pem.string()));
  TrustedKeys out;
  out.keys_ = std::move(keys);
  return out;
}

bool TrustedKeys::empty() const {
  return keys_->all.empty();
}

std::optional<std::string> TrustedKeys::require(std::string_view library, const fs::path& file,
                                                std::string_view what) const {
  if (empty()) return std::nullopt;
  const auto signature = read_signature(signature_file(file));
  if (!signature)
    throw Error(Code::denied, fmt::format("plugin {} is not signed, and only signed plugins run here; sign it "
                                          "with `assay plugin sign {} --key key.pem`",
                                          what, file.filename().string()));
  if (signature->size() == kSignatureBytes)
    for (const Key& key : keys_->all)
      if (made_by(key.get(), *signature, library)) return fingerprint(key.get());
  throw Error(Code::denied,
              fmt::format("plugin {}: {} is no signature of its library by any of the {} trusted keys; sign the "
                          "library as it is now, or trust the signer's key",
                          what, signature_file(file).filename().string(), keys_->all.size()));
}

}  // namespace assay
