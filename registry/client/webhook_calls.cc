// SPDX-License-Identifier: Apache-2.0
// ApiClient's calls about webhooks and their deliveries.
#include <nlohmann/json.hpp>

#include "registry/client/api_client.h"

namespace assay::client {

using Json = nlohmann::json;

namespace {

std::string webhook_target(const Id& id) {
  return "/api/v1/webhooks/" + id.text();
}

}  // namespace

Json ApiClient::create_webhook(const std::string& url, const std::vector<std::string>& events,
                               const std::optional<Namespace>& space) {
  Json body = {{"url", url}, {"events", events}};
  if (space) body["namespace"] = space->text();
  return session_.send("POST", "/api/v1/webhooks", body, "creating a webhook");
}

Json ApiClient::webhooks() {
  return session_.get("/api/v1/webhooks", "listing the webhooks").value("items", Json::array());
}

Json ApiClient::webhook(const Id& id) {
  return session_.get(webhook_target(id), "asking about webhook " + id.text());
}

void ApiClient::delete_webhook(const Id& id) {
  Call call;
  call.method = "DELETE";
  call.target = webhook_target(id);
  session_.call(call, "deleting webhook " + id.text());
}

Json ApiClient::deliveries(const Id& webhook, std::size_t limit) {
  return all_items(webhook_target(webhook) + "/deliveries", limit, "listing the deliveries of " + webhook.text());
}

Json ApiClient::delivery(const Id& id) {
  return session_.get("/api/v1/deliveries/" + id.text(), "asking about delivery " + id.text());
}

Json ApiClient::redeliver(const Id& delivery) {
  return session_.record("/api/v1/deliveries/" + delivery.text() + ":redeliver", nullptr,
                         "repeating delivery " + delivery.text());
}

Json ApiClient::test_webhook(const Id& id) {
  return session_.record(webhook_target(id) + ":test", nullptr, "testing webhook " + id.text());
}

}  // namespace assay::client
