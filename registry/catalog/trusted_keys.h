// SPDX-License-Identifier: Apache-2.0
// The public keys that a namespace trusts to sign its models, by name; and who named them when.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry/catalog/database.h"
#include "registry/domain/key_name.h"
#include "registry/domain/name.h"

namespace assay {

struct TrustedKey {
  KeyName name;
  std::string pem;
  Time at;  // since when
  std::string by;
};

// By name, as they are now or were at a time.
std::vector<TrustedKey> trusted_keys(Snapshot& snapshot, const Namespace& space, const std::optional<Time>& as_of = {});
std::optional<TrustedKey> find_trusted_key(Snapshot& snapshot, const Namespace& space, const KeyName& name);
// From here on the name means this key, or none without `pem`.
void append_trusted_key(Transaction& transaction, const Namespace& space, const KeyName& name,
                        const std::optional<std::string>& pem, const std::string& actor, Time at);

}  // namespace assay
