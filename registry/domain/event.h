// SPDX-License-Identifier: Apache-2.0
// Something that happened, as others are told of it: a CloudEvent (version 1.0 of its specification). Types are
// `io.assay.`, a noun of the API, and what happened to it: registry/docs/webhooks.md lists them.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>

#include "registry/domain/artifact.h"
#include "registry/domain/decision.h"
#include "registry/domain/evidence.h"

namespace assay {

inline constexpr std::string_view kEventPrefix = "io.assay.";

struct Event {
  std::int64_t seq = 0;  // the order in which they happened; where a reader goes on
  Id id;
  std::string type;     // io.assay.stage.promoted and so on
  std::string subject;  // models/default/churn/stages/production
  Time at{};
  nlohmann::json data;

  bool operator==(const Event&) const = default;
};

// Every type that there is.
std::span<const std::string_view> event_types();

// What happened, when it is recorded; `id` is a new one.
Event event_of(const Decision& decision, const Id& id);  // of a stage: the decision's verdict
Event event_of(const Evidence& evidence, const Id& id);  // recorded
Event published_event(const Version& version, const Id& id);
Event deleted_event(const Version& version, std::string_view actor, Time at, const Id& id);
// A plugin's library lost its right to run, or got it back: `what` is revoked or reinstated.
Event library_event(const Digest& library, std::string_view what, std::string_view reason, std::string_view actor,
                    Time at, const Id& id);
// What a webhook is tried out with.
Event test_event(const Id& webhook, Time at, const Id& id);

// The structured JSON form, with the extension attribute `sequence` where it has one.
void to_json(nlohmann::json& json, const Event& event);

}  // namespace assay
