// SPDX-License-Identifier: Apache-2.0
// What an identity provider says of a workload: a JSON Web Token in compact form (RFC 7519), proven by pinned keys.
#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "registry/access/json_web_key.h"
#include "registry/domain/time.h"

namespace assay {

inline constexpr std::size_t kMaxWebToken = 16 * 1024;         // bytes; GitHub's and GitLab's have 1 to 2 KiB
inline constexpr std::chrono::seconds kClockLeeway{60};        // that the provider's clock may be ahead or behind

// The claims, of a token that one of the keys signed (RS256 or ES256, whatever else the header says of keys is
// ignored) and that is neither expired nor not yet valid at `now`. Throws unauthenticated with the reason, never
// the token.
nlohmann::json proven_claims(std::string_view token, const JsonWebKeys& keys, Time now);

}  // namespace assay
