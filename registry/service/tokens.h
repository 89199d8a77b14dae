// SPDX-License-Identifier: Apache-2.0
// Making and ending tokens, and telling callers who they are.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "registry/access/principal.h"
#include "registry/domain/time.h"
#include "registry/service/services.h"

namespace assay {

struct TokenRequest {
  std::string name;
  Grant grant;
  std::optional<std::chrono::seconds> expires_in;  // none: never
};

// From a request body {"name","role","namespace","expires_in_s"}; no namespace means all. Throws
// invalid_argument.
TokenRequest parse_token_request(std::string_view body);

struct NewToken {
  std::string secret;  // shown once; only its hash is kept
  Id id;
  std::string name;
  Grant grant;
  Time created_at;
  std::optional<Time> expires_at;
};

// {"token","id","name","role","namespace","created_at","expires_at"}
void to_json(nlohmann::json& json, const NewToken& token);

// Needs `admin` on the namespace of the grant, or everywhere when it covers all.
NewToken create_token(const Services& services, const Principal& caller, const TokenRequest& request);

// Needs what creating it would need. Throws not_found. Revoking twice changes nothing.
void revoke_token(const Services& services, const Principal& caller, const Id& id);

// {"principal","roles":[{"namespace","role"}],"version"}; `server_version` is the program's.
nlohmann::json whoami(const Principal& caller, std::string_view server_version);

}  // namespace assay
