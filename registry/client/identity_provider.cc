// SPDX-License-Identifier: Apache-2.0
#include "registry/client/identity_provider.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "registry/client/session.h"

namespace assay::client {
namespace {

struct Place {
  Endpoint endpoint;
  std::string target;  // path and query
};

bool on_this_machine(std::string_view url) {
  for (const std::string_view host : {"http://127.0.0.1", "http://localhost", "http://[::1]"})
    if (url.starts_with(host) && (url.size() == host.size() || url[host.size()] == ':' || url[host.size()] == '/'))
      return true;
  return false;
}

Place place_of(const std::string& url) {
  if (!url.starts_with("https://") && !on_this_machine(url))
    throw Error(Code::invalid_argument, "the identity provider " + url + " must be asked by https");
  const auto path = url.find('/', url.find("://") + 3);
  if (path == std::string::npos) return {Endpoint::parse(url), "/"};
  return {Endpoint::parse(url.substr(0, path)), url.substr(path)};
}

nlohmann::json ask(const std::string& url, const std::string& token, std::string_view doing) {
  const Place place = place_of(url);
  return Session({.endpoint = place.endpoint, .token = token, .timeouts = {}, .retry = {}}).get(place.target, doing);
}

std::string text_of(const nlohmann::json& answer, const char* member, const std::string& who) {
  if (answer.is_object() && answer.contains(member) && answer[member].is_string()) return answer[member];
  throw Error(Code::unavailable, "the answer of " + who + " has no \"" + member + "\"");
}

}  // namespace

nlohmann::json provider_keys(const std::string& issuer) {
  const std::string base = issuer.ends_with('/') ? issuer.substr(0, issuer.size() - 1) : issuer;
  const nlohmann::json about =
      ask(base + "/.well-known/openid-configuration", "", "asking the identity provider about itself");
  if (const std::string name = text_of(about, "issuer", issuer); name != issuer)
    throw Error(Code::invalid_argument,
                "the identity provider at " + issuer + " calls itself " + name + ": give that as the issuer");
  return ask(text_of(about, "jwks_uri", issuer), "", "reading the identity provider's keys");
}

std::string github_identity(const std::string& url, const std::string& request_token, const std::string& audience) {
  const std::string separator = url.find('?') == std::string::npos ? "?" : "&";
  return text_of(ask(url + separator + "audience=" + encode_segment(audience), request_token, "asking for the job's identity"),
                 "value", "the identity provider");
}

}  // namespace assay::client
