// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/signature.h"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>

#include "registry/plugin_host/library.h"
#include "registry/signing/keys.h"
#include "storage/base/error.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

void require_ed25519(KeyKind kind, const fs::path& file) {
  if (kind != KeyKind::ed25519)
    throw Error(Code::invalid_argument,
                fmt::format("{} holds a key that is not Ed25519; make one with `openssl genpkey -algorithm "
                            "ed25519 -out key.pem`",
                            file.string()));
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
  const PrivateKey key = PrivateKey::parse(read_pem(private_key), private_key.string());
  require_ed25519(key.kind(), private_key);
  const std::string signature = key.sign(bytes);
  const fs::path target = signature_file(library), part = target.string() + ".part";
  std::ofstream out(part, std::ios::binary | std::ios::trunc);
  out.write(signature.data(), static_cast<std::streamsize>(signature.size()));
  out.close();
  if (!out) throw system_error("write " + part.string(), errno);
  fs::rename(part, target);
  return target;
}

struct TrustedKeys::Keys {
  std::vector<PublicKey> all;
};

TrustedKeys::TrustedKeys() : keys_(std::make_shared<Keys>()) {}

TrustedKeys TrustedKeys::load(const fs::path& pem) {
  auto keys = std::make_shared<Keys>();
  keys->all = PublicKey::parse_all(read_pem(pem), pem.string());
  for (const PublicKey& key : keys->all) require_ed25519(key.kind(), pem);
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
    for (const PublicKey& key : keys_->all)
      if (key.made(*signature, library)) return key.fingerprint();
  throw Error(Code::denied,
              fmt::format("plugin {}: {} is no signature of its library by any of the {} trusted keys; sign the "
                          "library as it is now, or trust the signer's key",
                          what, signature_file(file).filename().string(), keys_->all.size()));
}

}  // namespace assay
