// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/event.h"

#include <fmt/format.h>

#include <array>

namespace assay {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 16> kTypes = {
    "io.assay.evidence.recorded",     "io.assay.library.reinstated",     "io.assay.library.revoked",
    "io.assay.stage.already_there",   "io.assay.stage.frozen",           "io.assay.stage.leased",
    "io.assay.stage.missing_evidence", "io.assay.stage.not_comparable",  "io.assay.stage.promoted",
    "io.assay.stage.refused",         "io.assay.stage.rolled_back",      "io.assay.stage.waiting",
    "io.assay.stage.withheld",        "io.assay.version.deleted",        "io.assay.version.published",
    "io.assay.webhook.test"};

std::string type(std::string_view noun, std::string_view what) {
  return fmt::format("{}{}.{}", kEventPrefix, noun, what);
}

std::string subject_of(const Version& version) {
  return fmt::format("{}/{}/versions/{}", plural(version.kind), version.name.text(), version.number);
}

json data_of(const Version& version, std::string_view actor) {
  return {{"kind", singular(version.kind)},
          {"reference", version.reference()},
          {"number", version.number},
          {"digest", version.digest.text()},
          {"actor", actor}};
}

json digest_or_null(const std::optional<Digest>& digest) {
  return digest ? json(digest->text()) : json();
}

}  // namespace

std::span<const std::string_view> event_types() {
  return kTypes;
}

Event event_of(const Decision& decision, const Id& id) {
  return {.id = id,
          .type = type("stage", to_text(decision.verdict)),
          .subject = fmt::format("models/{}/{}/stages/{}", decision.namespace_, decision.model, decision.stage),
          .at = decision.at,
          .data = {{"decision", decision.id->text()},
                   {"version", decision.candidate},
                   {"champion", decision.champion ? json(*decision.champion) : json()},
                   {"changed", decision.changed},
                   {"revision", decision.revision_after},
                   {"actor", decision.actor},
                   {"summary", decision.summary}}};
}

Event event_of(const Evidence& evidence, const Id& id) {
  return {.id = id,
          .type = type("evidence", "recorded"),
          .subject = "evidence/" + evidence.id.text(),
          .at = evidence.created_at,
          .data = {{"evidence", evidence.id.text()},
                   {"kind", to_text(evidence.kind)},
                   {"level", to_text(evidence.level)},
                   {"model_digest", digest_or_null(evidence.model)},
                   {"dataset_digest", evidence.dataset.text()},
                   {"plugin", evidence.plugin.name},
                   {"verdict", evidence.verdict ? json(to_text(*evidence.verdict)) : json()},
                   {"actor", evidence.created_by}}};
}

Event published_event(const Version& version, const Id& id) {
  return {.id = id,
          .type = type("version", "published"),
          .subject = subject_of(version),
          .at = version.created_at,
          .data = data_of(version, version.created_by)};
}

Event deleted_event(const Version& version, std::string_view actor, Time at, const Id& id) {
  return {.id = id,
          .type = type("version", "deleted"),
          .subject = subject_of(version),
          .at = at,
          .data = data_of(version, actor)};
}

Event library_event(const Digest& library, std::string_view what, std::string_view reason, std::string_view actor,
                    Time at, const Id& id) {
  return {.id = id,
          .type = type("library", what),
          .subject = "libraries/" + library.text(),
          .at = at,
          .data = {{"library", library.text()}, {"reason", reason}, {"actor", actor}}};
}

Event test_event(const Id& webhook, Time at, const Id& id) {
  return {.id = id,
          .type = type("webhook", "test"),
          .subject = "webhooks/" + webhook.text(),
          .at = at,
          .data = json::object()};
}

void to_json(json& out, const Event& event) {
  out = {{"specversion", "1.0"},
         {"id", event.id.text()},
         {"source", "/api/v1/events"},
         {"type", event.type},
         {"subject", event.subject},
         {"time", format_time(event.at)},
         {"datacontenttype", "application/json"},
         {"data", event.data}};
  if (event.seq > 0) out["sequence"] = std::to_string(event.seq);
}

}  // namespace assay
