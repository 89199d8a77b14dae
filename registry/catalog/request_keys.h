// SPDX-License-Identifier: Apache-2.0
// Which record each Idempotency-Key of a caller led to.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "registry/catalog/database.h"

namespace assay {

struct KeyedRequest {
  std::string operation;  // for people
  Digest fingerprint;     // of operation and request
  std::string subject;    // the id or number of what was recorded
  Time created_at;
};

// `caller` is the token's id. None too when the key is from before `since`.
std::optional<KeyedRequest> find_request_key(Snapshot& snapshot, const Id& caller, std::string_view key,
                                             Time since);
// Takes the place of one that is there; whoever keeps it looks for that first.
void put_request_key(Transaction& transaction, const Id& caller, std::string_view key,
                     const KeyedRequest& request);
// Removes at most `limit` keys from before that time; how many.
std::int64_t forget_request_keys(Transaction& transaction, Time before, int limit);

}  // namespace assay
