// SPDX-License-Identifier: Apache-2.0
// Stages of a model: where they point, why, and moving them; and what the model is for. Next to read: registry/service/promote.h.
#include <nlohmann/json.hpp>

#include "registry/http/v1/add_route.h"
#include "registry/http/v1/render.h"
#include "registry/http/v1/routes.h"
#include "registry/service/explain.h"
#include "registry/service/lease.h"
#include "registry/service/policy.h"
#include "registry/service/problem.h"
#include "registry/service/promote.h"
#include "registry/service/rollback.h"
#include "registry/service/try_policy.h"

namespace assay::http::v1 {
namespace {

const std::string kModel = "/api/v1/models/{namespace}/{name}";
const std::string kStages = kModel + "/stages";
const std::string kStage = kStages + "/{stage}";

Response list(const Context& context, Request& request) {
  return json_response(200, {{"items", list_stages(context.services, *request.principal, name_of(request))}});
}

Response show(const Context& context, Request& request) {
  const Name model = name_of(request);
  const StageName stage = stage_of(request);
  if (const std::optional<std::string> at = request.query.find("at"))
    return json_response(200, explain(context.services, *request.principal, model, stage, parse_time(*at)));
  const Stage now = describe_stage(context.services, *request.principal, model, stage);
  Response response = json_response(200, now);
  response.headers.set("ETag", '"' + std::to_string(now.revision) + '"');
  return response;
}

Response history(const Context& context, Request& request) {
  const Page<Decision> page = stage_history(context.services, *request.principal, name_of(request),
                                            stage_of(request), page_of(request));
  return page_response(request, page.items, page.next_cursor);
}

Response promote_stage(const Context& context, Request& request) {
  const std::string body = json_body(request);
  const PromoteRequest wish =
      parse_promote_request(name_of(request), stage_of(request), body, if_match(request));
  return with_key(request, body, [&](RequestKey* key) {
    return decision_response(promote(context.services, *request.principal, wish, key));
  });
}

Response rollback_stage(const Context& context, Request& request) {
  const std::string body = json_body(request);
  const RollbackRequest wish =
      parse_rollback_request(name_of(request), stage_of(request), body, if_match(request));
  return with_key(request, body, [&](RequestKey* key) {
    return decision_response(rollback(context.services, *request.principal, wish, key));
  });
}

Response get_policy(const Context& context, Request& request) {
  return json_response(200, policy_answer(show_policy(context.services, *request.principal, name_of(request),
                                                      stage_of(request))));
}

Response put_policy(const Context& context, Request& request) {
  return json_response(200, policy_answer(set_policy(context.services, *request.principal, name_of(request),
                                                     stage_of(request), json_body(request))));
}

Response try_policy(const Context& context, Request& request) {
  const PolicyTrial trial = parse_policy_trial(stage_of(request), json_body(request));
  return json_response(200, test_policy(context.services, *request.principal, name_of(request), trial));
}

Response backtest(const Context& context, Request& request) {
  const PolicyBacktest wish = parse_policy_backtest(stage_of(request), json_body(request));
  return json_response(
      200, backtest_answer(backtest_policy(context.services, *request.principal, name_of(request), wish)));
}

nlohmann::json lease_answer(const std::optional<Lease>& lease) {
  return {{"lease", lease ? nlohmann::json(*lease) : nlohmann::json()}};
}

Response get_lease(const Context& context, Request& request) {
  return json_response(
      200, lease_answer(show_lease(context.services, *request.principal, name_of(request), stage_of(request))));
}

Response take(const Context& context, Request& request) {
  const LeaseRequest wish = parse_lease_request(json_body(request));
  return json_response(200, lease_answer(take_lease(context.services, *request.principal, name_of(request),
                                                    stage_of(request), wish)));
}

Response give_back(const Context& context, Request& request) {
  give_back_lease(context.services, *request.principal, name_of(request), stage_of(request));
  return json_response(200, lease_answer({}));
}

Response get_problem(const Context& context, Request& request) {
  const Problem problem = show_problem(context.services, *request.principal, name_of(request));
  Response response = json_response(200, problem_answer(problem));
  response.headers.set("ETag", '"' + problem.digest().text() + '"');
  return response;
}

Response put_problem(const Context& context, Request& request) {
  return json_response(200, problem_answer(set_problem(context.services, *request.principal, name_of(request),
                                                       json_body(request), if_match(request))));
}

}  // namespace

void add_stage_routes(RouteTable& table, const Context& context) {
  add_reading(table, context, kStages, {}, list);
  add_reading(table, context, kStage, {"at"}, show);
  add_reading(table, context, kStage + "/history", {"cursor", "limit"}, history);
  add_changing(table, context, Method::post, kStage + ":promote", Permission::promote, promote_stage);
  add_changing(table, context, Method::post, kStage + ":rollback", Permission::promote, rollback_stage);
  add_reading(table, context, kStage + "/policy", {}, get_policy);
  add_changing(table, context, Method::put, kStage + "/policy", Permission::admin, put_policy);
  add_changing(table, context, Method::post, kStage + "/policy:test", Permission::read, try_policy);
  add_changing(table, context, Method::post, kStage + "/policy:backtest", Permission::read, backtest);
  add_reading(table, context, kStage + "/lease", {}, get_lease);
  add_changing(table, context, Method::post, kStage + ":lease", Permission::promote, take);
  table.add({.method = Method::post,
             .pattern = kStage + ":release",
             .permission = Permission::promote,
             .handler = [context](Request& request) { return give_back(context, request); }});
  add_reading(table, context, kModel + "/problem", {}, get_problem);
  add_changing(table, context, Method::put, kModel + "/problem", Permission::register_, put_problem);
}

}  // namespace assay::http::v1
