// SPDX-License-Identifier: Apache-2.0
#include "registry/service/rollback.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "registry/catalog/database.h"
#include "registry/catalog/decisions.h"
#include "registry/catalog/libraries.h"
#include "registry/catalog/versions.h"
#include "registry/domain/json_reader.h"
#include "registry/domain/utf8.h"
#include "registry/service/stage_move.h"
#include "storage/base/error.h"
#include "storage/blob/blob_store.h"
#include "storage/env/clock.h"

namespace assay {
namespace {

struct Plan {
  Stage stage;
  Version target;
};

VersionNumber target_number(Snapshot& snapshot, const RollbackRequest& request, const Stage& stage) {
  const std::string where = request.model.text() + "@" + stage.name;
  if (!stage.version)
    throw Error(Code::not_found, fmt::format("{} holds no version, so there is nothing to roll back", where));
  if (!request.to) {
    const auto number = last_good(snapshot, request.model, request.stage);
    if (number) return *number;
    throw Error(Code::not_found,
                fmt::format("{} held nothing good before version {}: promote another version instead", where,
                            stage.version->number));
  }
  if (once_admitted(snapshot, request.model, request.stage, *request.to)) return *request.to;
  throw Error(
      Code::not_found,
      fmt::format("{} never admitted version {}: a rollback returns to what the stage once held; see its "
                  "history, or promote that version",
                  where, *request.to));
}

// What a revoked plugin made does not come back.
void check_maker(Snapshot& snapshot, const Version& version) {
  const auto maker = maker_of(snapshot, version.name, version.number);
  if (!maker) return;
  if (const auto revocation = find_revocation(snapshot, *maker))
    throw Error(Code::denied, fmt::format("{} was trained by a plugin that was revoked: {}. Roll back to another version "
                                          "(--to)",
                                          version.reference(), revocation->reason));
}

Plan make_plan(Snapshot& snapshot, const RollbackRequest& request) {
  Stage stage = current_stage(snapshot, request.model, request.stage);
  check_revision(request.model, stage, request.expected_revision);
  const VersionNumber number = target_number(snapshot, request, stage);
  auto version = find_version(snapshot, Kind::model, request.model, number);
  if (!version)
    throw Error(Code::not_found,
                fmt::format("Version {} of {} was deleted: name another one that {} once held", number,
                            request.model.text(), stage.name));
  check_maker(snapshot, *version);
  return {std::move(stage), *std::move(version)};
}

// Reads every byte: an incident must not end in a second one.
void check_restorable(const Services& services, const Version& version) {
  std::set<Digest> blobs;
  for (const VersionFile& file : version.files) blobs.insert(file.digest);
  for (const Digest& blob : blobs) try {
      services.blobs.check(blob);
    } catch (const Error& error) {
      throw Error(error.code() == Code::not_found ? Code::corrupt : error.code(),
                  fmt::format("{} cannot be brought back, its bytes are damaged: {}", version.reference(),
                              error.message()));
    }
}

Decision decide(const Plan& plan, const Principal& caller, const RollbackRequest& request, Time now) {
  const bool there = plan.stage.version->number == plan.target.number;
  const std::string& model = plan.target.name.name();
  Decision decision{.action = DecisionAction::rollback,
                    .candidate = {.number = plan.target.number, .digest = plan.target.digest},
                    .verdict = there ? DecisionVerdict::already_there : DecisionVerdict::rolled_back,
                    .changed = !there,
                    .at = move_time(plan.stage, now),
                    .reason = request.reason};
  decision.summary = there ? fmt::format("already there: {} holds {}@{}; nothing changed", plan.stage.name,
                                         model, plan.target.number)
                           : fmt::format("rolled back: {} returns from {}@{} to {}@{}", plan.stage.name,
                                         model, plan.stage.version->number, model, plan.target.number);
  fill_attempt(decision, caller, plan.target.name, plan.stage);
  return decision;
}

std::optional<VersionNumber> target_from(const std::optional<std::string>& text) {
  if (!text || *text == "last-good") return std::nullopt;
  try {
    const Selector selector = Selector::parse(*text);
    if (const auto* number = std::get_if<VersionNumber>(&selector.value())) return *number;
  } catch (const Error&) {
    // Said below, with what may stand here.
  }
  throw Error(
      Code::invalid_argument,
      fmt::format("\"to\" is \"{}\": write last-good or the number of a version", beginning(*text)));
}

}  // namespace

RollbackRequest parse_rollback_request(const Name& model, const StageName& stage, std::string_view body,
                                       std::optional<std::string_view> if_match) {
  const nlohmann::json document = parse_json(body.empty() ? "{}" : body, "the request body");
  JsonObject object(document, "the request body");
  RollbackRequest request{.model = model,
                          .stage = stage,
                          .to = target_from(object.optional_text("to")),
                          .reason = reason_from(object),
                          .expected_revision = parse_expected_revision(if_match)};
  object.finish();
  return request;
}

Decision rollback(const Services& services, const Principal& caller, const RollbackRequest& request,
                  RequestKey* key) {
  require(caller, Permission::promote, request.model.space());
  std::optional<Decision> earlier;
  const auto proven = services.database.read([&](Snapshot& snapshot) -> std::optional<Plan> {
    earlier = earlier_decision(snapshot, caller, key, services.clock.now());
    return earlier ? std::nullopt : std::optional(make_plan(snapshot, request));
  });
  if (earlier) return *std::move(earlier);
  check_restorable(services, proven->target);
  const Time now = services.clock.now();
  const AttemptIds ids = new_attempt_ids(services);
  return services.database.write([&](Transaction& transaction) {
    if (auto raced = earlier_decision(transaction, caller, key, now)) return *std::move(raced);
    const Plan plan = make_plan(transaction, request);
    if (plan.target.number != proven->target.number)
      throw Error(Code::conflict, fmt::format("{}@{} moved meanwhile; look at it again and decide anew",
                                              request.model.text(), plan.stage.name));
    Decision decision = record_attempt(transaction, {decide(plan, caller, request, now)}, caller, ids);
    remember(transaction, caller, key, ids.decision.text(), now);
    return decision;
  });
}

}  // namespace assay
