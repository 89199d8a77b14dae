// SPDX-License-Identifier: Apache-2.0
// How a receiver knows that a delivery is ours: the scheme of Standard Webhooks (https://www.standardwebhooks.com),
// HMAC-SHA256 over id, time and body.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace assay {

class Entropy;

// `whsec_` and 256 random bits in base64.
std::string new_webhook_secret(Entropy& entropy);

// What webhook-signature says: `v1,` and the base64 of the code over `id.timestamp.body`. Throws corrupt unless `secret`
// is one as above.
std::string webhook_signature(std::string_view secret, std::string_view id, std::int64_t timestamp_s,
                              std::string_view body);

}  // namespace assay
