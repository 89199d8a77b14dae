// SPDX-License-Identifier: Apache-2.0
// What operators need: jobs, quotas, what storing takes, and why bytes are there. Next to read:
// registry/service/jobs.h.
#include <nlohmann/json.hpp>

#include "registry/http/limits.h"
#include "registry/http/v1/render.h"
#include "registry/http/v1/routes.h"
#include "registry/service/jobs.h"
#include "registry/service/quota.h"
#include "registry/service/savings.h"
#include "registry/service/why.h"
#include "storage/base/error.h"

namespace assay::http::v1 {
namespace {

constexpr int kSavingsRows = 20;  // when no limit is given

Jobs& jobs_of(const Context& context) {
  if (context.jobs == nullptr) throw Error(Code::unavailable, "This server runs no jobs");
  return *context.jobs;
}

Response start_job(const Context& context, Request& request, JobKind kind) {
  const JobWish wish = parse_job_wish(kind, json_body(request));
  const ServerJob job = jobs_of(context).start(*request.principal, wish);
  return json_response(202, job, "/api/v1/jobs/" + job.id.text());
}

Response start_gc(const Context& context, Request& request) {
  return start_job(context, request, JobKind::gc);
}

Response start_scrub(const Context& context, Request& request) {
  return start_job(context, request, JobKind::scrub);
}

Response start_evidence(const Context& context, Request& request) {
  return start_job(context, request, JobKind::evidence);
}

Response list_jobs(const Context& context, Request& request) {
  return json_response(200, {{"items", jobs_of(context).list(*request.principal)}});
}

Response show_job(const Context& context, Request& request) {
  return json_response(200, jobs_of(context).find(*request.principal, Id::parse(request.parameter("id"))));
}

Response stop_job(const Context& context, Request& request) {
  return json_response(202, jobs_of(context).stop(*request.principal, Id::parse(request.parameter("id"))));
}

Response show_quotas(const Context& context, Request& request) {
  return json_response(200, {{"items", list_quotas(context.services, *request.principal)}});
}

Response put_quota(const Context& context, Request& request) {
  const Namespace space = Namespace::parse(request.parameter("namespace"));
  const auto limit = parse_quota_request(json_body(request));
  return json_response(200, set_quota(context.services, *request.principal, space, limit));
}

int rows_of(const Request& request) {
  const std::optional<std::string> limit = request.query.find("limit");
  if (!limit) return kSavingsRows;
  return std::min(PageRequest::parse(std::nullopt, limit).limit, kMaxSavingsRows);
}

Response show_savings(const Context& context, Request& request) {
  return json_response(200, savings(context.services, *request.principal, rows_of(request)));
}

Response show_artifact_savings(const Context& context, Request& request) {
  return json_response(200,
                       savings_of(context.services, *request.principal, kind_of(request), name_of(request)));
}

Response show_why(const Context& context, Request& request) {
  return json_response(200,
                       why(context.services, *request.principal, Digest::parse(request.parameter("digest"))));
}

}  // namespace

void add_keeping_routes(RouteTable& table, const Context& context) {
  using Call = Response (*)(const Context&, Request&);
  const auto get = [&](const char* pattern, Permission permission, std::vector<std::string> query, Call call,
                       Place place) {
    table.add({.method = Method::get,
               .pattern = pattern,
               .permission = permission,
               .query = std::move(query),
               .handler = [context, call](Request& request) { return call(context, request); },
               .place = place});
  };
  const auto change = [&](Method method, const char* pattern, BodyKind body, Call call,
                          Permission permission = Permission::admin) {
    table.add({.method = method,
               .pattern = pattern,
               .permission = permission,
               .body = body,
               .body_limit = body == BodyKind::none ? 0 : kSmallJsonBytes,
               .handler = [context, call](Request& request) { return call(context, request); }});
  };
  change(Method::post, "/api/v1/jobs/gc", BodyKind::whole, start_gc);
  change(Method::post, "/api/v1/jobs/scrub", BodyKind::whole, start_scrub);
  change(Method::post, "/api/v1/jobs/evidence", BodyKind::whole, start_evidence, Permission::evaluate);
  get("/api/v1/jobs", Permission::read, {}, list_jobs, Place::worker);
  get("/api/v1/jobs/{id}", Permission::read, {}, show_job, Place::worker);
  change(Method::post, "/api/v1/jobs/{id}:stop", BodyKind::none, stop_job, Permission::read);
  get("/api/v1/quotas", Permission::read, {}, show_quotas, Place::worker);
  change(Method::put, "/api/v1/quotas/{namespace}", BodyKind::whole, put_quota);
  get("/api/v1/savings", Permission::read, {"limit"}, show_savings, Place::slow_worker);
  get("/api/v1/{kind=models|datasets|plugins}/{namespace}/{name}/savings", Permission::read, {},
      show_artifact_savings, Place::slow_worker);
  get("/api/v1/why/{digest}", Permission::read, {}, show_why, Place::slow_worker);
}

}  // namespace assay::http::v1
