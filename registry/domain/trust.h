// SPDX-License-Identifier: Apache-2.0
// Which workloads of an identity provider are let in, as what: "the jobs of this repository on its main branch may
// promote in acme".
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "registry/domain/role.h"

namespace assay {

struct Trust {
  static constexpr std::size_t kMaxClaims = 16;
  static constexpr std::size_t kMaxValues = 32;       // of one claim
  static constexpr std::size_t kMaxText = 512;        // bytes of an issuer, an audience, a claim's name or value
  static constexpr std::size_t kMaxKeyBytes = 65'536;

  std::string name;      // what decisions and the audit trail call who comes by it
  std::string issuer;    // the token's `iss`, exactly
  std::string audience;  // among its `aud`, exactly
  // Every one of these claims must have one of these values, exactly. At least one besides issuer and audience: a
  // provider serves everybody.
  std::map<std::string, std::vector<std::string>> claims;
  Grant grant;            // reader, writer or promoter
  nlohmann::json keys;    // the provider's public keys, {"keys":[…]}

  // From {"issuer","audience","claims":{name:[value]},"role","namespace","keys"}. Throws invalid_argument, too_large
  // past the limits; what the keys are is not looked at here.
  static Trust parse(const std::string& name, const nlohmann::json& document);
};

// With its keys' ids instead of the keys: {"name","issuer","audience","claims","role","namespace","key_ids"}
void to_json(nlohmann::json& json, const Trust& trust);
// As parse reads it.
nlohmann::json trust_document(const Trust& trust);

// Why these claims do not come by the trust; empty when they do.
std::string unlike(const Trust& trust, const nlohmann::json& claims);

// What records keep of a workload: {"issuer","subject","claims":{…}} with those claims that the trust asks for and those
// that say which job of which commit it was, as GitHub and GitLab call them.
nlohmann::json workload_of(const Trust& trust, const nlohmann::json& claims);
// For people, of workload_of's text: "repo:acme/churn (ref refs/heads/main, sha c0ffee)".
std::string workload_text(const std::string& workload);

}  // namespace assay
