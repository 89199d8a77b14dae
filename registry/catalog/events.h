// SPDX-License-Identifier: Apache-2.0
// The outbox: events written in the transaction that they tell of, so that there is one for each change that happened
// and none for what did not. They stay.
#pragma once

#include <optional>
#include <vector>

#include "registry/catalog/database.h"
#include "registry/domain/event.h"
#include "registry/domain/readable_spaces.h"

namespace assay {

// `space` is whose it is; none: it concerns all, so whoever may read anywhere may see it.
void append_event(Transaction& transaction, const std::optional<Namespace>& space, const Event& event);
// The number of the last one; 0 before the first.
std::int64_t newest_event(Snapshot& snapshot);
// Those after `after` where the caller may read, oldest first; at most `limit`.
std::vector<Event> list_events(Snapshot& snapshot, const ReadableSpaces& readable, std::int64_t after, int limit);

}  // namespace assay
