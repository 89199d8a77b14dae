// SPDX-License-Identifier: Apache-2.0
// ApiClient's calls about what the server keeps: deleting, jobs, quotas, what storing takes, why bytes are
// there.
#include <nlohmann/json.hpp>

#include "registry/client/api_client.h"
#include "registry/client/targets.h"

namespace assay::client {

using Json = nlohmann::json;

Json ApiClient::delete_version(Kind kind, const Reference& reference) {
  return session_.send("DELETE", version_target(kind, reference.name, reference.selector), nullptr,
                       "deleting " + reference.text());
}

Json ApiClient::start_job(const std::string& kind, const Json& wish) {
  return session_.send("POST", "/api/v1/jobs/" + encode_segment(kind), wish, "starting a " + kind);
}

Json ApiClient::job(const std::string& id) {
  return session_.get("/api/v1/jobs/" + encode_segment(id), "asking how far job " + id + " is");
}

Json ApiClient::stop_job(const std::string& id) {
  return session_.send("POST", "/api/v1/jobs/" + encode_segment(id) + ":stop", nullptr, "stopping job " + id);
}

Json ApiClient::quotas() {
  return session_.get("/api/v1/quotas", "reading the quotas").value("items", Json::array());
}

Json ApiClient::set_quota(const Namespace& space, std::optional<std::uint64_t> limit) {
  return session_.send("PUT", "/api/v1/quotas/" + encode_segment(space.text()),
                       {{"limit_bytes", limit ? Json(*limit) : Json()}},
                       "setting the quota of namespace " + space.text());
}

Json ApiClient::savings(std::size_t limit) {
  return session_.get("/api/v1/savings?limit=" + std::to_string(limit), "reading what storing takes");
}

Json ApiClient::savings(Kind kind, const Name& name) {
  return session_.get(artifact_target(kind, name) + "/savings", "reading what " + name.text() + " takes");
}

Json ApiClient::why(const Digest& digest) {
  return session_.get("/api/v1/why/" + encode_segment(digest.text()),
                      "asking why " + digest.text() + " is here");
}

Json ApiClient::library(const Digest& digest) {
  return session_.get("/api/v1/libraries/" + encode_segment(digest.text()),
                      "asking about the plugin library " + digest.text());
}

Json ApiClient::change_library(const Digest& digest, const std::string& verb, const std::string& reason) {
  return session_.record("/api/v1/libraries/" + encode_segment(digest.text()) + ":" + verb,
                         {{"reason", reason}}, "changing the right of " + digest.text() + " to run");
}

}  // namespace assay::client
