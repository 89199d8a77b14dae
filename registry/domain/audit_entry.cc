// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/audit_entry.h"

#include <nlohmann/json.hpp>

namespace assay {

void to_json(nlohmann::json& json, const AuditEntry& entry) {
  json = {{"seq", entry.seq},         {"time", format_time(entry.time)},
          {"actor", entry.actor},     {"action", entry.action},
          {"subject", entry.subject}, {"details", nlohmann::json::parse(entry.details)}};
}

}  // namespace assay
