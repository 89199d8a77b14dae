// SPDX-License-Identifier: Apache-2.0
// ApiClient's calls about signatures and the keys that a namespace trusts.
#include <nlohmann/json.hpp>

#include "registry/client/api_client.h"
#include "registry/client/targets.h"

namespace assay::client {
namespace {

using Json = nlohmann::json;

std::string signatures_target(const Version& version) {
  return version_target(version.kind, version.name, Selector::parse(version.digest.text())) + "/signatures";
}

std::string keys_target(const Namespace& space) {
  return "/api/v1/namespaces/" + encode_segment(space.text()) + "/keys";
}

std::string key_target(const Namespace& space, const KeyName& name) {
  return keys_target(space) + "/" + encode_segment(name.text());
}

}  // namespace

Json ApiClient::signatures(const Version& version) {
  return session_.get(signatures_target(version), "reading the signatures of " + version.reference())
      .value("items", Json::array());
}

Json ApiClient::add_signature(const Version& version, const std::string& bundle) {
  return session_.record(signatures_target(version), Json::parse(bundle), "signing " + version.reference());
}

Json ApiClient::trusted_keys(const Namespace& space) {
  return session_.get(keys_target(space), "reading the keys of namespace " + space.text()).value("items", Json::array());
}

Json ApiClient::set_trusted_key(const Namespace& space, const KeyName& name, const std::string& pem) {
  return session_.send("PUT", key_target(space, name), {{"pem", pem}}, "setting the key " + name.text());
}

Json ApiClient::remove_trusted_key(const Namespace& space, const KeyName& name) {
  return session_.send("DELETE", key_target(space, name), nullptr, "removing the key " + name.text());
}

}  // namespace assay::client
