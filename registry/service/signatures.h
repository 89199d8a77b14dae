// SPDX-License-Identifier: Apache-2.0
// Signatures of models, and the keys whose word counts in a namespace.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

#include "registry/access/principal.h"
#include "registry/catalog/database.h"
#include "registry/catalog/signatures.h"
#include "registry/catalog/trusted_keys.h"
#include "registry/domain/artifact.h"
#include "registry/domain/reference.h"
#include "registry/domain/verdict.h"
#include "registry/service/request_key.h"
#include "registry/service/services.h"

namespace assay {

// Of one version; each is kept once, whoever sends it how often.
inline constexpr std::size_t kMaxSignatures = 64;
// Of one namespace.
inline constexpr std::size_t kMaxTrustedKeys = 256;

// Needs `register` on the namespace. `bundle` is a Sigstore bundle (registry/signing/model_signature.h), which any key may
// have made; it must sign exactly the files of the version. Throws invalid_argument and unsupported as that says,
// and naming the first file that differs, too_large past kMaxSignatures, not_found.
struct ShownSignature {
  StoredSignature signature;
  std::vector<std::string> keys;  // the names of the trusted keys that made it, by the server's check; none: unknown
};
ShownSignature add_signature(const Services& services, const Principal& caller, const Name& model,
                             const Selector& version, std::string_view bundle, RequestKey* key = nullptr);
// Needs `read`; throws not_found.
std::vector<ShownSignature> list_signatures(const Services& services, const Principal& caller, const Name& model,
                                            const Selector& version);

// Of these trusted keys, those by which there is a good signature of the version, now or at a time.
std::vector<ArtifactFacts::Signer> signers_of(Snapshot& snapshot, const Namespace& space, const Version& version,
                                              const std::vector<KeyName>& wanted, const std::optional<Time>& as_of);

// Needs `admin` on the namespace. `body` is {"pem"}: a public key that signs models. A name that is there means this key
// from now on. Throws invalid_argument, too_large past kMaxTrustedKeys.
TrustedKey set_trusted_key(const Services& services, const Principal& caller, const Namespace& space,
                           const KeyName& name, std::string_view body);
// Needs `admin`. The key as it was. Throws not_found, naming the nearest.
TrustedKey remove_trusted_key(const Services& services, const Principal& caller, const Namespace& space, const KeyName& name);
// Needs `read`.
std::vector<TrustedKey> list_trusted_keys(const Services& services, const Principal& caller, const Namespace& space);
// Throws not_found unless each is a trusted key of the namespace, naming the nearest one and how to set it.
void require_trusted_keys(Snapshot& snapshot, const Namespace& space, const std::vector<KeyName>& names);

// {"name","hint","pem","at","by"}
nlohmann::json trusted_key_answer(const TrustedKey& key);
// {"id","hint","keys","at","by","bundle"}
nlohmann::json signature_answer(const ShownSignature& shown);

}  // namespace assay
