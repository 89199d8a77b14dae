// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/event.h"

#include <fmt/format.h>

namespace assay {

Event event_of(const Decision& decision, const Id& id) {
  return {.id = id,
          .type = fmt::format("io.assay.stage.{}", to_text(decision.verdict)),
          .subject = fmt::format("models/{}/{}/stages/{}", decision.namespace_, decision.model, decision.stage),
          .at = decision.at,
          .data = {{"decision", decision.id->text()},
                   {"version", decision.candidate},
                   {"champion", decision.champion ? nlohmann::json(*decision.champion) : nlohmann::json()},
                   {"changed", decision.changed},
                   {"revision", decision.revision_after},
                   {"actor", decision.actor},
                   {"summary", decision.summary}}};
}

void to_json(nlohmann::json& json, const Event& event) {
  json = {{"specversion", "1.0"},
          {"id", event.id.text()},
          {"source", "/api/v1/events"},
          {"type", event.type},
          {"subject", event.subject},
          {"time", format_time(event.at)},
          {"sequence", std::to_string(event.seq)},
          {"datacontenttype", "application/json"},
          {"data", event.data}};
}

}  // namespace assay
