// SPDX-License-Identifier: Apache-2.0
#include "registry/http/api.h"

#include "registry/access/authenticator.h"
#include "registry/http/openapi.h"
#include "registry/http/v1/routes.h"
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
               if (ready && !ready())
                 throw Error(Code::unavailable,
                             "the registry is starting or cannot write; its log tells why");
               return plain("ok\n", "text/plain; charset=utf-8");
             }});
  table.add({.method = Method::get,
             .pattern = "/openapi.yaml",
             .permission = Permission::public_,
             .handler = [](Request&) { return plain(std::string(openapi_text()), "application/yaml"); },
             .place = Place::io_thread});
}

}  // namespace

std::shared_ptr<Site> make_site(const Context& context) {
  const auto metrics = std::make_shared<Metrics>(context.version);
  RouteTable table;
  add_probes(table, context);
  table.add({.method = Method::get,
             .pattern = "/metrics",
             .permission = Permission::read,
             .handler = [metrics](Request&) {
               return plain(metrics->text(), "text/plain; version=0.0.4; charset=utf-8");
             }});
  v1::add_artifact_routes(table, context);
  v1::add_version_routes(table, context);
  v1::add_blob_routes(table, context);
  v1::add_upload_routes(table, context);
  v1::add_stage_routes(table, context);
  v1::add_run_routes(table, context);
  v1::add_evidence_routes(table, context);
  v1::add_score_routes(table, context);
  v1::add_administration_routes(table, context);
  Authenticate authenticate = [&authenticator = context.authenticator](std::string_view authorization) {
    return authenticator.authenticate(authorization);
  };
  return std::make_shared<Site>(std::move(table), std::move(authenticate), metrics);
}

}  // namespace assay::http
