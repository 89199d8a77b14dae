// SPDX-License-Identifier: Apache-2.0
// ApiClient's calls about the server itself: who calls, what it holds, tokens, the audit trail.
#include <nlohmann/json.hpp>

#include "registry/client/api_client.h"

namespace assay::client {

using Json = nlohmann::json;

Json ApiClient::whoami() {
  return session_.get("/api/v1/whoami", "asking who is calling");
}

Json ApiClient::stats() {
  return session_.get("/api/v1/stats", "reading the totals");
}

Json ApiClient::audit(std::size_t limit) {
  return all_items("/api/v1/audit", limit, "reading the audit trail");
}

Json ApiClient::create_token(const TokenWanted& wanted) {
  Json body = {{"name", wanted.name}, {"role", wanted.role}};
  if (wanted.namespace_ != "*") body["namespace"] = wanted.namespace_;
  if (wanted.expires_in_s) body["expires_in_s"] = *wanted.expires_in_s;
  return session_.send("POST", "/api/v1/tokens", body, "creating a token");
}

Json ApiClient::exchange_token(const std::string& trust, const std::string& token) {
  return session_.send("POST", "/api/v1/tokens:exchange", {{"trust", trust}, {"token", token}},
                       "exchanging an identity token");
}

Json ApiClient::trusts() {
  return session_.get("/api/v1/trusts", "listing whom the registry trusts").at("items");
}

Json ApiClient::set_trust(const std::string& name, const Json& document) {
  return session_.send("PUT", "/api/v1/trusts/" + encode_segment(name), document, "setting the trust " + name);
}

void ApiClient::remove_trust(const std::string& name) {
  Call call;
  call.method = "DELETE";
  call.target = "/api/v1/trusts/" + encode_segment(name);
  session_.call(call, "removing the trust " + name);
}

}  // namespace assay::client
