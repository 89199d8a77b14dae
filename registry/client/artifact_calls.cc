// SPDX-License-Identifier: Apache-2.0
// ApiClient's calls about artifacts and their versions, and how it walks through pages.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "registry/client/api_client.h"
#include "registry/client/problem.h"
#include "registry/client/targets.h"
#include "registry/client/version_json.h"

namespace assay::client {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kPageItems = 200;  // few round trips, answers of bounded size

std::string doing(const char* what, Kind kind, const std::string& name) {
  return std::string(what) + " " + std::string(singular(kind)) + " " + name;
}

}  // namespace

std::vector<Json> ApiClient::all_items(const std::string& target, std::size_t limit, std::string_view what) {
  std::vector<Json> out;
  std::string cursor;
  const char joint = target.find('?') == std::string::npos ? '?' : '&';
  while (out.size() < limit) {
    std::string page = target + joint + "limit=" + std::to_string(std::min(kPageItems, limit - out.size()));
    if (!cursor.empty()) page += "&cursor=" + encode_segment(cursor);
    Json answer = session_.get(page, what);
    if (!answer.is_object() || !answer.contains("items") || !answer["items"].is_array())
      throw Error(Code::internal, std::string(what) + ": the server's answer is not a list");
    for (Json& item : answer["items"]) out.push_back(std::move(item));
    const Json next = answer.value("next_cursor", Json());
    if (!next.is_string() || answer["items"].empty()) return out;
    cursor = next.get<std::string>();
  }
  return out;
}

std::vector<Artifact> ApiClient::artifacts(Kind kind, const std::optional<Namespace>& space) {
  std::string target = "/api/v1/" + std::string(plural(kind));
  if (space) target += "?namespace=" + encode_segment(space->text());
  std::vector<Artifact> out;
  for (const Json& item : all_items(target, SIZE_MAX, "listing " + std::string(plural(kind))))
    out.push_back(read_artifact(item));
  return out;
}

std::optional<Artifact> ApiClient::find_artifact(Kind kind, const Name& name) {
  try {
    return read_artifact(session_.get(artifact_target(kind, name), doing("finding", kind, name.text())));
  } catch (const Error& error) {
    if (error.code() == Code::not_found) return std::nullopt;
    throw;
  }
}

std::vector<Version> ApiClient::versions(Kind kind, const Name& name, std::size_t limit) {
  std::vector<Version> out;
  const std::string target = artifact_target(kind, name) + "/versions";
  for (const Json& item : all_items(target, limit, doing("listing versions of", kind, name.text())))
    out.push_back(read_version(item));
  return out;
}

Version ApiClient::version(Kind kind, const Reference& reference) {
  return read_version(session_.get(version_target(kind, reference.name, reference.selector),
                                   doing("finding", kind, reference.text())));
}

bool has_blob(Session& session, const Digest& digest) {
  Call call;
  call.method = "HEAD";
  call.target = blob_target(digest);
  try {
    session.call(call, "looking for " + digest.short_text());
    return true;
  } catch (const Error& error) {
    if (error.code() == Code::not_found) return false;
    throw;
  }
}

Published ApiClient::publish(Kind kind, const Name& name, const std::vector<VersionFile>& files,
                             const PublishDetails& details) {
  Json body = {{"files", Json::array()}, {"labels", details.labels}, {"if_changed", details.if_changed}};
  for (const VersionFile& file : files)
    body["files"].push_back(
        {{"path", file.path.text()}, {"digest", file.digest.text()}, {"size", file.size}});
  if (details.profile) body["profile"] = Json::parse(*details.profile);
  if (details.run_id) body["run_id"] = *details.run_id;
  const Json answer = session_.record(artifact_target(kind, name) + "/versions", body,
                                      doing("publishing", kind, name.text()));
  return {read_version(answer), answer.value("created", true)};
}

Json ApiClient::content(const Version& version) {
  const Selector selector = Selector::parse(std::to_string(version.number));
  return session_.get(version_target(version.kind, version.name, selector),
                      doing("reading", version.kind, version.reference()))
      .value("content", Json::array());
}

Json ApiClient::lineage(Kind kind, const Reference& reference) {
  return session_.get(version_target(kind, reference.name, reference.selector) + "/lineage",
                      doing("reading the lineage of", kind, reference.text()));
}

Json ApiClient::import_records(const Json& records) {
  return session_.send("POST", "/api/v1/imports", records, "importing versions");
}

std::vector<FoundVersion> ApiClient::search(const std::string& query, const std::string& order,
                                            std::optional<Kind> kind, std::size_t limit) {
  std::string target = "/api/v1/search?q=" + encode_segment(query);
  if (!order.empty()) target += "&order=" + encode_segment(order);
  if (kind) target += "&kind=" + std::string(singular(*kind));
  std::vector<FoundVersion> out;
  for (const Json& item : all_items(target, limit, "searching")) out.push_back(read_found_version(item));
  return out;
}

}  // namespace assay::client
