// SPDX-License-Identifier: Apache-2.0
// From an Authorization header to a Principal.
#pragma once

#include <string_view>

#include "registry/access/principal.h"

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
  Database& database_;
  const Clock& clock_;
};

}  // namespace assay
