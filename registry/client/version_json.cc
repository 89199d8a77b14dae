// SPDX-License-Identifier: Apache-2.0
#include "registry/client/version_json.h"

#include <nlohmann/json.hpp>

#include "registry/client/reading.h"

namespace assay::client {
namespace {

using Json = nlohmann::json;

VersionFile file_of(const Json& json) {
  return {FilePath::parse(json.at("path").get_ref<const std::string&>()),
          Digest::parse(json.at("digest").get_ref<const std::string&>()),
          json.at("size").get<std::uint64_t>(), json.value("media_type", "")};
}

Name name_of(const Json& json) {
  return Name::of(json.at("namespace").get_ref<const std::string&>(),
                  json.at("name").get_ref<const std::string&>());
}

bool given(const Json& json, const char* key) {
  return json.contains(key) && !json.at(key).is_null();
}

Version version_of(const Json& json) {
  Version version{.kind = kind_from_singular(json.at("kind").get_ref<const std::string&>()),
                  .name = name_of(json),
                  .number = json.at("number").get<VersionNumber>(),
                  .digest = Digest::parse(json.at("digest").get_ref<const std::string&>()),
                  .created_at = parse_time(json.at("created_at").get_ref<const std::string&>()),
                  .created_by = json.at("created_by").get<std::string>(),
                  .files = {},
                  .labels = {},
                  .profile = {},
                  .run_id = {},
                  .stages = {}};
  for (const Json& file : json.at("files")) version.files.push_back(file_of(file));
  if (given(json, "labels")) version.labels = json.at("labels").get<Labels>();
  if (given(json, "profile")) version.profile = json.at("profile").dump();
  if (given(json, "run_id")) version.run_id = Id::parse(json.at("run_id").get_ref<const std::string&>());
  if (given(json, "stages")) version.stages = json.at("stages").get<std::vector<std::string>>();
  return version;
}

Artifact artifact_of(const Json& json) {
  Artifact artifact{.kind = kind_from_singular(json.at("kind").get_ref<const std::string&>()),
                    .name = name_of(json),
                    .latest = {},
                    .version_count = json.at("version_count").get<std::int64_t>(),
                    .stages = {},
                    .created_at = parse_time(json.at("created_at").get_ref<const std::string&>())};
  if (given(json, "latest")) artifact.latest = version_of(json.at("latest"));
  if (given(json, "stages")) artifact.stages = json.at("stages").get<std::map<std::string, VersionNumber>>();
  return artifact;
}

FoundVersion found_version_of(const Json& json) {
  FoundVersion version{.kind = kind_from_singular(json.at("kind").get_ref<const std::string&>()),
                       .name = name_of(json),
                       .number = json.at("number").get<VersionNumber>(),
                       .digest = Digest::parse(json.at("digest").get_ref<const std::string&>()),
                       .created_at = parse_time(json.at("created_at").get_ref<const std::string&>()),
                       .created_by = json.at("created_by").get<std::string>(),
                       .size = json.at("size").get<std::uint64_t>(),
                       .labels = json.at("labels").get<Labels>(),
                       .stages = json.at("stages").get<std::vector<std::string>>(),
                       .plugin = {},
                       .metrics = json.at("metrics").get<std::map<std::string, double>>(),
                       .params = json.at("params").get<std::map<std::string, std::string>>()};
  if (given(json, "plugin")) version.plugin = json.at("plugin").get<std::string>();
  return version;
}

}  // namespace

Version read_version(const Json& json) {
  return reading("a version", [&] { return version_of(json); });
}

FoundVersion read_found_version(const Json& json) {
  return reading("a version that was found", [&] { return found_version_of(json); });
}

Artifact read_artifact(const Json& json) {
  return reading("an artifact", [&] { return artifact_of(json); });
}

}  // namespace assay::client
