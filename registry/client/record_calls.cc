// SPDX-License-Identifier: Apache-2.0
// ApiClient's calls that write and read runs and evidence.
#include <nlohmann/json.hpp>

#include "registry/client/api_client.h"
#include "registry/client/draft_json.h"
#include "registry/client/reading.h"

namespace assay::client {
namespace {

using Json = nlohmann::json;

Id id_of(const Json& answer) {
  return reading("a record", [&] { return Id::parse(answer.at("id").get_ref<const std::string&>()); });
}

}  // namespace

Id ApiClient::start_run(const RunDraft& draft) {
  return id_of(session_.record("/api/v1/runs", draft_json(draft), "recording a run"));
}

void ApiClient::finish_run(const Id& id, const RunOutcome& outcome) {
  session_.record("/api/v1/runs/" + id.text() + ":finish", draft_json(outcome),
                  "recording the end of run " + id.text());
}

Id ApiClient::record_evidence(const EvidenceDraft& draft) {
  return id_of(session_.record("/api/v1/evidence", draft_json(draft), "recording evidence"));
}

std::vector<Evidence> ApiClient::evidence(const EvidenceQuery& query, std::size_t limit) {
  std::string target = "/api/v1/evidence";
  char joint = '?';
  const auto ask = [&](const char* key, const std::string& value) {
    target += joint + std::string(key) + '=' + encode_segment(value);
    joint = '&';
  };
  if (query.kind) ask("kind", std::string(to_text(*query.kind)));
  if (query.model) ask("model_digest", query.model->text());
  if (query.dataset) ask("dataset_digest", query.dataset->text());
  std::vector<Evidence> out;
  for (const Json& item : all_items(target, limit, "listing evidence"))
    out.push_back(reading("evidence", [&] { return evidence_from_json(item); }));
  return out;
}

Run ApiClient::run(const Id& id) {
  const Json answer = session_.get("/api/v1/runs/" + id.text(), "reading run " + id.text());
  return reading("a run", [&] { return run_from_json(answer); });
}

std::vector<Run> ApiClient::runs(const std::optional<Name>& model, std::size_t limit) {
  std::string target = "/api/v1/runs";
  if (model) target += "?model=" + encode_segment(model->text());
  std::vector<Run> out;
  for (const Json& item : all_items(target, limit, "listing runs"))
    out.push_back(reading("a run", [&] { return run_from_json(item); }));
  return out;
}

}  // namespace assay::client
