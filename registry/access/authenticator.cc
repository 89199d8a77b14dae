// SPDX-License-Identifier: Apache-2.0
#include "registry/access/authenticator.h"

#include <openssl/crypto.h>

#include <optional>
#include <vector>

#include "registry/access/token_secret.h"
#include "registry/catalog/tokens.h"
#include "storage/base/base64.h"
#include "storage/base/error.h"
#include "storage/env/clock.h"

namespace assay {
namespace {

// No header of ours is longer: a token has 55 characters, a Basic user name some dozens.
constexpr std::size_t kMaxHeader = 1024;
// Tokens in use at once that are remembered; workloads' come and go.
constexpr std::size_t kMaxKnown = 1024;

Error refuse(const std::string& why) {
  return Error(Code::unauthenticated, why);
}

std::string token_in(std::string_view authorization) {
  const auto blank = authorization.find(' ');
  const std::string scheme = lower_case(authorization.substr(0, blank));
  const std::string_view rest = blank == std::string_view::npos ? "" : authorization.substr(blank + 1);
  if (scheme == "bearer") return std::string(rest);
  if (scheme != "basic")
    throw refuse("Only Bearer and Basic are understood: send Authorization: Bearer assay_…");
  const auto decoded = from_base64(rest);
  const auto colon = decoded ? decoded->find(':') : std::string::npos;
  if (colon == std::string::npos)
    throw refuse("The Basic header is not base64 of user:password; give the token as the password");
  return decoded->substr(colon + 1);
}

}  // namespace

Principal Authenticator::authenticate(std::string_view authorization) const {
  if (authorization.empty())
    throw refuse(
        "Who are you? Send Authorization: Bearer assay_…; on the server's machine the first token is in "
        "admin.token of its data directory");
  if (authorization.size() > kMaxHeader) throw refuse("The Authorization header is too long for a token");
  return authenticate_token(token_in(authorization));
}

Principal Authenticator::authenticate_token(std::string_view token) const {
  std::optional<TokenSecret> secret;
  try {
    secret = TokenSecret::parse(token);
  } catch (const Error& error) {
    throw refuse(error.message());
  }
  const Digest hash = secret->hash();
  const auto found = find(hash);
  if (!found || CRYPTO_memcmp(found->hash.bytes().data(), hash.bytes().data(), Digest::kSize) != 0)
    throw refuse("This registry does not know the token; ask its administrator for one");
  if (found->revoked_at) throw refuse("The token was revoked; ask the administrator for a new one");
  if (found->expires_at && *found->expires_at <= clock_.now())
    throw refuse("The token expired at " + format_time(*found->expires_at) +
                 "; ask the administrator for a new one");
  Principal principal{found->id, found->name, {}, found->workload};
  principal.grants.push_back(found->grant);
  return principal;
}

std::optional<TokenRecord> Authenticator::find(const Digest& hash) const {
  const std::uint64_t commits = database_.commits();  // before reading: what is committed meanwhile shows
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = known_.find(hash); known != known_.end() && known->second.commits == commits)
      return known->second.token;
  }
  auto token = database_.read([&](Snapshot& snapshot) { return find_token(snapshot, hash); });
  if (!token) return token;
  const std::lock_guard lock(mutex_);
  if (known_.size() >= kMaxKnown) known_.clear();
  known_.insert_or_assign(hash, Known{*token, commits});
  return token;
}

}  // namespace assay
