// SPDX-License-Identifier: Apache-2.0
// Letting in workloads by what their provider says of them: who is trusted, and a token of ten minutes in exchange.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "registry/access/principal.h"
#include "registry/domain/trust.h"
#include "registry/service/services.h"
#include "registry/service/tokens.h"

namespace assay {

inline constexpr std::chrono::minutes kWorkloadTokenLife{10};

// `body` as Trust::parse reads it; replaces one of that name. Needs `admin` on the namespace that it lets into, and on
// that of the one it replaces. Throws invalid_argument, also for keys that prove nothing.
Trust put_trust(const Services& services, const Principal& caller, const std::string& name, std::string_view body);
// Tokens that were given by it stay until they expire. Throws not_found.
void remove_trust(const Services& services, const Principal& caller, const std::string& name);
// Those of namespaces that the caller is `admin` of.
std::vector<Trust> list_trusts(const Services& services, const Principal& caller);

// {"trust","token"}
struct ExchangeRequest {
  std::string trust;
  std::string token;  // the provider's
};
ExchangeRequest parse_exchange_request(std::string_view body);

// A token with the trust's role for kWorkloadTokenLife, for whoever brings a provider's token that comes by it. Asks for
// no permission. Throws unauthenticated with the reason; the audit trail has who came.
NewToken exchange_token(const Services& services, const ExchangeRequest& request);

}  // namespace assay
