// SPDX-License-Identifier: Apache-2.0
// A request that a client may send again because its answer was lost: what it recorded is kept under the
// caller and the client's Idempotency-Key, in the transaction that records it, and a repeat is answered from
// there. So of two that race the transactions decide which one works and which one repeats. What recorded
// nothing (an error, a dry run) keeps no key, and a repeat of it begins anew.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "registry/access/principal.h"
#include "registry/catalog/database.h"

namespace assay {

// How long a key is kept: whoever repeats a request does so within minutes.
inline constexpr std::chrono::hours kRequestKeyLife{24};

// A use case takes a pointer to one, null when the client sent no key.
struct RequestKey {
  std::string text;
  std::string operation;  // for people: "POST /api/v1/runs"
  Digest fingerprint;     // of the operation and all that was asked
  bool replayed = false;  // set by the use case: its answer is that of an earlier request
};

// `text` as the client sent it; `body` is a JSON document or empty, and equal ones may be written
// differently. Throws invalid_argument.
RequestKey parse_request_key(std::string_view text, std::string_view operation, std::string_view body,
                             std::optional<std::string_view> if_match);

// What `caller` recorded under the key, as `remember` was told; sets `replayed`. None: do the work. Throws
// unsupported when the key belongs to another request, naming it.
std::optional<std::string> find_recorded(Snapshot& snapshot, const Principal& caller, RequestKey* key,
                                         Time now);
// To be called in the transaction that recorded `subject`, after `find_recorded` in the same transaction.
void remember(Transaction& transaction, const Principal& caller, const RequestKey* key,
              std::string_view subject, Time now);

}  // namespace assay
