// SPDX-License-Identifier: Apache-2.0
// The public keys of an identity provider (RFC 7517), pinned: what a token says of keys is never looked at.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace assay {

class JsonWebKeys {
 public:
  static constexpr std::size_t kMaxKeys = 32;  // providers publish two to ten
  static constexpr int kMinRsaBits = 2048;     // RFC 7518, 3.3

  // {"keys":[…]}: RSA keys of 2048 bits or more for RS256, P-256 keys for ES256; what is for something else
  // is skipped, for providers publish that too. Throws invalid_argument when nothing is left, for two keys of one
  // `kid`, one without, and one that is malformed.
  static JsonWebKeys parse(const nlohmann::json& document);

  // Whether the signature over `message` is that of the key `key_id` by its own algorithm, which `algorithm` must be.
  // Any thread. False too when there is no such key.
  bool verify(std::string_view key_id, std::string_view algorithm, std::string_view message,
              std::string_view signature) const;

 private:
  struct Key;
  std::map<std::string, std::shared_ptr<const Key>, std::less<>> keys_;  // shared: copies of the set are cheap
};

}  // namespace assay
