// SPDX-License-Identifier: Apache-2.0
// The signature of a model's files as OpenSSF Model Signing v1.0 has it: a Sigstore bundle around a DSSE envelope around an
// in-toto statement, which lists every file with its SHA-256. A version's manifest has the same list, so that nothing
// need be read to make one or to hold one against a version.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "registry/domain/artifact.h"
#include "registry/signing/keys.h"
#include "storage/base/digest.h"

namespace assay {

// Of a bundle: kMaxFiles files with long paths, base64 within JSON.
inline constexpr std::size_t kMaxSignatureBytes = std::size_t{16} << 20;

// The bundle, JSON. `name` is what the statement calls the model. The top files .gitignore,
// .gitattributes and model.sig are left out, as the format's other tools do. The key is of a kind that signs models.
std::string sign_model(const std::string& name, const std::vector<VersionFile>& files, const PrivateKey& key);

class ModelSignature {
 public:
  // Throws too_large, invalid_argument saying what is wrong, unsupported for a signature by certificate, or of another
  // version, hash or division into parts than files by SHA-256.
  static ModelSignature parse(std::string_view bundle);

  const std::string& hint() const { return hint_; }  // PublicKey::hint of the key that made it, by its own word
  const std::string& name() const { return name_; }
  // Whether the key made it.
  bool made_by(const PublicKey& key) const;
  // How the files differ from those that were signed, a sentence about the first that does; empty when they are the
  // same. What sign_model leaves out may be left out.
  std::string difference(const std::vector<VersionFile>& files) const;

 private:
  struct Resource {
    std::string name;
    Digest digest;
  };
  ModelSignature() = default;
  void read_statement(std::string_view text);

  std::string hint_, name_, message_, signature_;
  std::vector<Resource> resources_;
  std::vector<std::string> ignored_;
};

}  // namespace assay
