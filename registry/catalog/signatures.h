// SPDX-License-Identifier: Apache-2.0
// Signatures of versions, by the digest that they sign. Whether one is good says registry/signing; here they are kept.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry/catalog/database.h"
#include "registry/domain/name.h"

namespace assay {

struct StoredSignature {
  Id id;
  std::string hint;    // of the key, by the signature's own word
  std::string bundle;  // as it was sent
  Time at;
  std::string by;
};

// Of a version's digest in the namespace, in the order recorded, up to a time.
std::vector<StoredSignature> signatures_of(Snapshot& snapshot, const Namespace& space, const Digest& model,
                                           const std::optional<Time>& as_of = {});
// The one with exactly this bundle.
std::optional<StoredSignature> find_signature(Snapshot& snapshot, const Namespace& space, const Digest& model,
                                              std::string_view bundle);
void append_signature(Transaction& transaction, const Namespace& space, const Digest& model,
                      const StoredSignature& signature);

}  // namespace assay
