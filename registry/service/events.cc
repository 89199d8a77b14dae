// SPDX-License-Identifier: Apache-2.0
#include "registry/service/events.h"

#include "registry/catalog/database.h"
#include "registry/catalog/events.h"
#include "registry/service/record_evidence.h"

namespace assay {

std::vector<Event> read_events(const Services& services, const Principal& caller, std::int64_t after, int limit) {
  require_somewhere(caller, Permission::read);
  return services.database.read(
      [&](Snapshot& snapshot) { return list_events(snapshot, readable_spaces(caller), after, limit); });
}

nlohmann::json events_answer(const std::vector<Event>& events) {
  return {{"items", events}, {"next_after", events.empty() ? nlohmann::json() : nlohmann::json(events.back().seq)}};
}

}  // namespace assay
