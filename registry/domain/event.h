// SPDX-License-Identifier: Apache-2.0
// Something that happened to a stage, as others are told of it: a CloudEvent (version 1.0 of its specification).
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "registry/domain/decision.h"

namespace assay {

struct Event {
  std::int64_t seq = 0;  // the order in which they happened; where a reader goes on
  Id id;
  std::string type;     // io.assay.stage.promoted and so on: the decision's verdict
  std::string subject;  // models/default/churn/stages/production
  Time at{};
  nlohmann::json data;
};

// Of a decision that is recorded. `id` is a new one.
Event event_of(const Decision& decision, const Id& id);

// The structured JSON form, with the extension attribute `sequence`.
void to_json(nlohmann::json& json, const Event& event);

}  // namespace assay
