// SPDX-License-Identifier: Apache-2.0
// The side of an identity provider that workloads and administrators ask, by OpenID Connect: its public keys, and a
// job's own token. The registry's server never does.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace assay::client {

// The keys, {"keys":[…]}, that the provider publishes: ISSUER/.well-known/openid-configuration says where. Throws
// invalid_argument for an address that is neither https nor this machine's own and for a provider that calls itself
// otherwise, unavailable when it does not answer.
nlohmann::json provider_keys(const std::string& issuer);

// The token that GitHub gives a job that may ask for one (permission id-token: write), for `audience`: at `url`, to who
// brings `request_token`. Throws as provider_keys.
std::string github_identity(const std::string& url, const std::string& request_token, const std::string& audience);

}  // namespace assay::client
