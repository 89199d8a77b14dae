// SPDX-License-Identifier: Apache-2.0
// ApiClient's calls that write and read runs and evidence.
#include <nlohmann/json.hpp>

#include "registry/client/api_client.h"
#include "registry/client/targets.h"

namespace assay::client {
namespace {

using Json = nlohmann::json;

std::string id_of(const Json& answer, const char* what) {
  if (answer.is_object() && answer.contains("id") && answer["id"].is_string()) return answer["id"].get<std::string>();
  throw Error(Code::internal, std::string("the server's answer to ") + what + " names no id");
}

}  // namespace

std::string ApiClient::start_run(const Json& draft) {
  return id_of(session_.send("POST", "/api/v1/runs", draft, "recording a run"), "recording a run");
}

void ApiClient::finish_run(const std::string& id, const Json& outcome) {
  session_.send("POST", "/api/v1/runs/" + encode_segment(id) + ":finish", outcome, "recording the end of run " + id);
}

std::string ApiClient::record_evidence(const Json& draft) {
  return id_of(session_.send("POST", "/api/v1/evidence", draft, "recording evidence"), "recording evidence");
}

Json ApiClient::run(const std::string& id) {
  return session_.get("/api/v1/runs/" + encode_segment(id), "reading run " + id);
}

Json ApiClient::runs(const std::optional<Name>& model, std::size_t limit) {
  std::string target = "/api/v1/runs";
  if (model) target += "?model=" + encode_segment(model->text());
  return all_items(target, limit, "listing runs");
}

}  // namespace assay::client
