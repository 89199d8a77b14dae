// SPDX-License-Identifier: Apache-2.0
// Webhooks in the catalogue, each with its cursor in the events.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "registry/catalog/database.h"
#include "registry/domain/readable_spaces.h"
#include "registry/domain/webhook.h"

namespace assay {

void insert_webhook(Transaction& transaction, const Webhook& webhook);
std::optional<Webhook> find_webhook(Snapshot& snapshot, const Id& id);
// Those of `spaces`, oldest first; those of all namespaces only when `spaces` is everything.
std::vector<Webhook> list_webhooks(Snapshot& snapshot, const ReadableSpaces& spaces);
// How many there are for exactly this scope.
std::int64_t count_webhooks(Snapshot& snapshot, const std::optional<Namespace>& space);
// And its deliveries.
void delete_webhook(Transaction& transaction, const Id& id);
// It is told nothing more; what was due is dead.
void end_webhook(Transaction& transaction, const Id& id);
// It was told of the event `seq`. Does nothing when it was deleted meanwhile.
void advance_webhook(Transaction& transaction, const Id& id, std::int64_t seq);

// Those active that owe no delivery of an event, so that they can be told of the next one; but not `except`.
std::vector<Webhook> webhooks_without_debt(Snapshot& snapshot, const std::set<Id>& except);

}  // namespace assay
