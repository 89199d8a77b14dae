// SPDX-License-Identifier: Apache-2.0
// ApiClient's calls about stages, decisions and policies.
#include <nlohmann/json.hpp>

#include "registry/client/api_client.h"
#include "registry/client/reading.h"
#include "registry/client/targets.h"
#include "registry/domain/bundle.h"

namespace assay::client {
namespace {

using Json = nlohmann::json;

std::string name_stage(const Name& model, const std::string& stage) {
  return model.text() + "@" + stage;
}

Json without(Json document, const char* key) {
  document.erase(key);
  return document;
}

}  // namespace

Stage ApiClient::stage(const Name& model, const std::string& stage) {
  const Json answer = session_.get(stage_target(model, stage), "reading stage " + name_stage(model, stage));
  return reading("a stage", [&] { return stage_from_json(answer); });
}

ApiClient::StageThen ApiClient::stage_at(const Name& model, const std::string& stage, Time at) {
  const Json answer = session_.get(stage_target(model, stage) + "?at=" + encode_segment(format_time(at)),
                                   "reading the past of stage " + name_stage(model, stage));
  return reading("a stage", [&] {
    StageThen then{stage_from_json(without(answer, "decision")), std::nullopt};
    if (answer.contains("decision") && !answer["decision"].is_null())
      then.decision = decision_from_json(answer["decision"]);
    return then;
  });
}

std::vector<Stage> ApiClient::stages(const Name& model) {
  const Json answer =
      session_.get(artifact_target(Kind::model, model) + "/stages", "listing the stages of " + model.text());
  return reading("a list of stages", [&] {
    std::vector<Stage> out;
    for (const Json& item : answer.value("items", Json::array())) out.push_back(stage_from_json(item));
    return out;
  });
}

std::vector<Decision> ApiClient::stage_history(const Name& model, const std::string& stage,
                                               std::size_t limit) {
  const auto items = all_items(stage_target(model, stage) + "/history", limit,
                               "reading the history of stage " + name_stage(model, stage));
  return reading("a list of decisions", [&] {
    std::vector<Decision> out;
    for (const Json& item : items) out.push_back(decision_from_json(item));
    return out;
  });
}

Decision ApiClient::decision(const std::string& id) {
  const Json answer = session_.get("/api/v1/decisions/" + encode_segment(id), "reading decision " + id);
  return reading("a decision", [&] { return decision_from_json(answer); });
}

Decision ApiClient::promote(const Name& model, const std::string& stage, const PromotionWanted& wanted) {
  Fields fields;
  if (wanted.expected_revision) fields["If-Match"] = '"' + std::to_string(*wanted.expected_revision) + '"';
  Json body = {{"version", wanted.version}, {"dry_run", wanted.dry_run}};
  if (wanted.plan) body["plan_digest"] = wanted.plan->text();
  if (wanted.force) body["force"] = true;
  if (!wanted.reason.empty()) body["reason"] = wanted.reason;
  const Json answer = session_.record(stage_target(model, stage) + ":promote", body,
                                      "promoting " + model.text() + "@" + wanted.version + " to " + stage, fields);
  return reading("a decision", [&] { return decision_from_json(answer); });
}

std::vector<Decision> ApiClient::promote_batch(const Json& items, bool dry_run) {
  const Json answer =
      session_.record("/api/v1/promotions", {{"items", items}, {"dry_run", dry_run}}, "promoting several versions");
  return reading("a list of decisions", [&] {
    std::vector<Decision> out;
    for (const Json& item : answer.at("items")) out.push_back(decision_from_json(item));
    return out;
  });
}

Decision ApiClient::roll_back(const Name& model, const std::string& stage, const std::string& to,
                              const std::string& reason) {
  const Json answer =
      session_.record(stage_target(model, stage) + ":rollback", {{"to", to}, {"reason", reason}},
                      "rolling back " + name_stage(model, stage));
  return reading("a decision", [&] { return decision_from_json(answer); });
}

std::vector<Decision> ApiClient::waiting_decisions() {
  const Json answer = session_.get("/api/v1/decisions?verdict=waiting&limit=500", "listing what waits for approval");
  return reading("a list of decisions", [&] {
    std::vector<Decision> out;
    for (const Json& item : answer.value("items", Json::array())) out.push_back(decision_from_json(item));
    return out;
  });
}

Decision ApiClient::answer_decision(const std::string& id, bool agrees, const std::string& reason) {
  const Json body = reason.empty() ? Json::object() : Json{{"reason", reason}};
  const Json answer = session_.record("/api/v1/decisions/" + encode_segment(id) + (agrees ? ":approve" : ":reject"),
                                      body, "answering decision " + id);
  return reading("a decision", [&] { return decision_from_json(answer); });
}

Bundle ApiClient::decision_bundle(const std::string& id) {
  const Json answer = session_.get("/api/v1/decisions/" + encode_segment(id) + "/bundle", "exporting decision " + id);
  return reading("a bundle", [&] { return bundle_from_json(answer); });
}

std::optional<Lease> ApiClient::lease(const Name& model, const std::string& stage) {
  const Json answer =
      session_.get(stage_target(model, stage) + "/lease", "reading the lease of " + name_stage(model, stage));
  return reading("a lease", [&] {
    return answer.at("lease").is_null() ? std::nullopt : std::optional(lease_from_json(answer["lease"], "lease"));
  });
}

Lease ApiClient::take_lease(const Name& model, const std::string& stage, const std::string& length,
                            const std::string& reason) {
  Json body = {{"for", length}};
  if (!reason.empty()) body["reason"] = reason;
  const Json answer =
      session_.send("POST", stage_target(model, stage) + ":lease", body, "holding " + name_stage(model, stage));
  return reading("a lease", [&] { return lease_from_json(answer.at("lease"), "lease"); });
}

void ApiClient::give_back_lease(const Name& model, const std::string& stage) {
  session_.send("POST", stage_target(model, stage) + ":release", Json(), "giving back " + name_stage(model, stage));
}

Json ApiClient::problem(const Name& model) {
  return session_.get(artifact_target(Kind::model, model) + "/problem", "reading the problem of " + model.text());
}

Json ApiClient::set_problem(const Name& model, const Json& problem) {
  return session_.send("PUT", artifact_target(Kind::model, model) + "/problem", problem,
                       "setting the problem of " + model.text());
}

Json ApiClient::policy(const Name& model, const std::string& stage) {
  return session_.get(stage_target(model, stage) + "/policy",
                      "reading the policy of " + name_stage(model, stage));
}

Json ApiClient::set_policy(const Name& model, const std::string& stage, const Json& policy) {
  return session_.send("PUT", stage_target(model, stage) + "/policy", policy,
                       "setting the policy of " + name_stage(model, stage));
}

Decision ApiClient::test_policy(const Name& model, const std::string& stage, const Json& policy,
                                const std::string& version) {
  const Json answer = session_.send("POST", stage_target(model, stage) + "/policy:test",
                                    {{"policy", policy}, {"version", version}},
                                    "testing a policy of " + name_stage(model, stage));
  return reading("a decision", [&] { return decision_from_json(answer); });
}

Json ApiClient::backtest_policy(const Name& model, const std::string& stage, const Json& policy, int last) {
  return session_.send("POST", stage_target(model, stage) + "/policy:backtest", {{"policy", policy}, {"last", last}},
                       "testing a policy of " + name_stage(model, stage) + " on the past");
}

}  // namespace assay::client
