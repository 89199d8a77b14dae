// SPDX-License-Identifier: Apache-2.0
// Deliveries in the catalogue: what webhooks are still to be told, and what came of each time that they were.
#pragma once

#include <optional>
#include <set>

#include "registry/catalog/database.h"
#include "registry/domain/page.h"
#include "registry/domain/webhook.h"

namespace assay {

void insert_delivery(Transaction& transaction, const Delivery& delivery);
// Its status, attempts and time. Does nothing when it went with its webhook.
void update_delivery(Transaction& transaction, const Delivery& delivery);
// Removes what is settled and older than the newest `kept` of the webhook.
void trim_deliveries(Transaction& transaction, const Id& webhook, int kept);

std::optional<Delivery> find_delivery(Snapshot& snapshot, const Id& id);
// The newest first.
Page<Delivery> list_deliveries(Snapshot& snapshot, const Id& webhook, const PageRequest& page);

// The one that has been due the longest, of a webhook that is not in `except`.
std::optional<Delivery> due_delivery(Snapshot& snapshot, Time now, const std::set<Id>& except);
// When the first becomes due that is not due yet.
std::optional<Time> next_due(Snapshot& snapshot, Time now);
// The first event after `after` and up to `last` that the webhook wants and may have.
std::optional<Event> next_event(Snapshot& snapshot, const Webhook& webhook, std::int64_t after, std::int64_t last);

}  // namespace assay
