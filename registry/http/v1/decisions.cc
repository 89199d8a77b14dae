// SPDX-License-Identifier: Apache-2.0
// Decisions by their id: what they were, what they rested on, answering those that wait; and the events that tell of
// them. Next to read: registry/service/approve.h.
#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "registry/http/v1/add_route.h"
#include "registry/http/v1/render.h"
#include "registry/http/v1/routes.h"
#include "registry/service/approve.h"
#include "registry/service/events.h"
#include "registry/service/explain.h"
#include "registry/service/promote_batch.h"
#include "storage/base/error.h"

namespace assay::http::v1 {
namespace {

const std::string kDecisions = "/api/v1/decisions";
const std::string kDecision = kDecisions + "/{id}";

Id id_of(const Request& request) {
  return Id::parse(request.parameter("id"));
}

Response list(const Context& context, Request& request) {
  if (request.query.find("verdict").value_or("") != "waiting")
    throw Error(Code::invalid_argument,
                "Ask for verdict=waiting: all decisions about a stage are its history, …/stages/{stage}/history");
  return json_response(
      200, {{"items", list_waiting(context.services, *request.principal, page_of(request).limit)}});
}

Response show(const Context& context, Request& request) {
  return json_response(200, describe_decision(context.services, *request.principal, id_of(request)));
}

Response bundle(const Context& context, Request& request) {
  return json_response(200, export_decision(context.services, *request.principal, id_of(request)));
}

Response answer(const Context& context, Request& request, bool agrees) {
  const std::string body = json_body(request);
  const ApproveRequest wish = parse_approve_request(id_of(request), agrees, body);
  return with_key(request, body, [&](RequestKey* key) {
    return decision_response(approve(context.services, *request.principal, wish, key));
  });
}

Response agree(const Context& context, Request& request) {
  return answer(context, request, true);
}

Response reject(const Context& context, Request& request) {
  return answer(context, request, false);
}

Response batch(const Context& context, Request& request) {
  const std::string body = json_body(request);
  const PromotionBatch wish = parse_promotion_batch(body);
  return with_key(request, body, [&](RequestKey* key) {
    return json_response(200, promotion_batch_answer(promote_batch(context.services, *request.principal, wish, key)));
  });
}

Response events(const Context& context, Request& request) {
  const std::string after = request.query.find("after").value_or("0");
  std::int64_t seq = -1;
  const auto [end, status] = std::from_chars(after.data(), after.data() + after.size(), seq);
  if (status != std::errc() || end != after.data() + after.size() || seq < 0)
    throw Error(Code::invalid_argument, "\"after\" must be the `sequence` of the last event that you have seen, or 0");
  return json_response(200, events_answer(read_events(context.services, *request.principal, seq, page_of(request).limit)));
}

}  // namespace

void add_decision_routes(RouteTable& table, const Context& context) {
  add_reading(table, context, kDecisions, {"verdict", "limit"}, list);
  add_reading(table, context, kDecision, {}, show);
  add_reading(table, context, kDecisions + "/{id}/bundle", {}, bundle);
  add_changing(table, context, Method::post, kDecision + ":approve", Permission::promote, agree);
  add_changing(table, context, Method::post, kDecision + ":reject", Permission::promote, reject);
  add_changing(table, context, Method::post, "/api/v1/promotions", Permission::promote, batch);
  add_reading(table, context, "/api/v1/events", {"after", "limit"}, events);
}

}  // namespace assay::http::v1
