// SPDX-License-Identifier: Apache-2.0
#include "registry/http/api.h"

#include <algorithm>
#include <iterator>

#include "registry/access/authenticator.h"
#include "registry/http/exposition.h"
#include "registry/http/openapi.h"
#include "registry/http/v1/routes.h"
#include "registry/service/vitals.h"
#include "storage/base/error.h"

namespace assay::http {
namespace {

Response plain(std::string body, std::string type) {
  Response response;
  response.headers.set("Content-Type", std::move(type));
  response.body = std::move(body);
  return response;
}

void add_probes(RouteTable& table, const Context& context) {
  table.add({.method = Method::get,
             .pattern = "/healthz",
             .permission = Permission::public_,
             .handler = [](Request&) { return plain("ok\n", "text/plain; charset=utf-8"); },
             .place = Place::io_thread});
  table.add({.method = Method::get,
             .pattern = "/readyz",
             .permission = Permission::public_,
             .handler = [ready = context.ready](Request&) {
               if (ready) ready();
               return plain("ok\n", "text/plain; charset=utf-8");
             }});
  table.add({.method = Method::get,
             .pattern = "/openapi.yaml",
             .permission = Permission::public_,
             .handler = [](Request&) { return plain(std::string(openapi_text()), "application/yaml"); },
             .place = Place::io_thread});
}

Response metrics_response(const Metrics& metrics, Vitals* vitals) {
  std::vector<MetricFamily> families = metrics.families();
  if (vitals != nullptr) {
    std::vector<MetricFamily> more = vitals->families();
    std::move(more.begin(), more.end(), std::back_inserter(families));
  }
  return plain(exposition(families), kExpositionType);
}

}  // namespace

std::shared_ptr<Site> make_site(const Context& context) {
  const auto metrics = std::make_shared<Metrics>(context.version);
  RouteTable table;
  add_probes(table, context);
  table.add({.method = Method::get,
             .pattern = "/metrics",
             .permission = Permission::read,
             .handler = [metrics, vitals = context.vitals](Request&) { return metrics_response(*metrics, vitals); }});
  v1::add_artifact_routes(table, context);
  v1::add_version_routes(table, context);
  v1::add_blob_routes(table, context);
  v1::add_upload_routes(table, context);
  v1::add_signing_routes(table, context);
  v1::add_stage_routes(table, context);
  v1::add_decision_routes(table, context);
  v1::add_run_routes(table, context);
  v1::add_evidence_routes(table, context);
  v1::add_search_routes(table, context);
  v1::add_score_routes(table, context);
  v1::add_administration_routes(table, context);
  v1::add_audit_routes(table, context);
  v1::add_keeping_routes(table, context);
  v1::add_library_routes(table, context);
  v1::add_webhook_routes(table, context);
  Authenticate authenticate = [&authenticator = context.authenticator](std::string_view authorization) {
    return authenticator.authenticate(authorization);
  };
  return std::make_shared<Site>(std::move(table), std::move(authenticate), metrics);
}

}  // namespace assay::http
