// SPDX-License-Identifier: Apache-2.0
#include "registry/http/api.h"

#include "registry/access/authenticator.h"
#include "registry/events/delivery_worker.h"
#include "registry/http/openapi.h"
#include "registry/http/v1/routes.h"
#include "storage/base/error.h"
#include "storage/blob/blob_store.h"
#include "storage/env/disk_space.h"

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

// What the store knows without looking: scraping must cost nothing.
std::string store_gauges(const Services& services) {
  const BlobTotals totals = services.blobs.totals();
  std::vector<Sample> gauges = {
      {"assay_blobs", "Blobs stored.", totals.blobs},
      {"assay_blob_raw_bytes", "Their sizes added up.", totals.raw_bytes},
      {"assay_blob_stored_bytes", "Bytes of the records that they are stored as.", totals.stored_bytes}};
  if (services.disk != nullptr)
    gauges.push_back(
        {"assay_disk_available_bytes", "Room on the data disk.", services.disk->look().available});
  return gauge_text(gauges);
}

std::string delivery_counters(const DeliveryWorker* worker) {
  if (worker == nullptr) return "";
  const DeliveryTotals totals = worker->totals();
  const std::array counters = {
      Sample{"assay_webhooks_delivered_total", "Webhooks that their receivers took.", totals.delivered},
      Sample{"assay_webhooks_failed_total", "Attempts to send one that failed.", totals.failed}};
  return counter_text(counters);
}

}  // namespace

std::shared_ptr<Site> make_site(const Context& context) {
  const auto metrics = std::make_shared<Metrics>(context.version);
  RouteTable table;
  add_probes(table, context);
  table.add({.method = Method::get,
             .pattern = "/metrics",
             .permission = Permission::read,
             .handler = [metrics, context](Request&) {
               return plain(metrics->text() + store_gauges(context.services) + delivery_counters(context.deliveries),
                            "text/plain; version=0.0.4; charset=utf-8");
             }});
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
