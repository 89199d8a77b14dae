// SPDX-License-Identifier: Apache-2.0
// From an Authorization header to a Principal.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>

#include "registry/access/principal.h"
#include "registry/catalog/tokens.h"

namespace assay {

class Clock;
class Database;

class Authenticator {
 public:
  // Borrows both for its life.
  Authenticator(Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  // `Bearer assay_…`, or `Basic` with the token as the password (the user name is ignored). Any thread.
  // Throws unauthenticated when the header is missing, of another scheme or malformed, and when the token is
  // unknown, expired or revoked; the message says what to do and never repeats the token.
  Principal authenticate(std::string_view authorization) const;

  // The same for a token by itself.
  Principal authenticate_token(std::string_view token) const;

 private:
  // As the catalogue has it. Kept until the next commit: who asks a thousand times between two is looked up once.
  std::optional<TokenRecord> find(const Digest& hash) const;

  struct Known {
    TokenRecord token;
    std::uint64_t commits;
  };

  Database& database_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  mutable std::map<Digest, Known> known_;
};

}  // namespace assay
