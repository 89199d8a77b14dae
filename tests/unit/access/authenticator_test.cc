// SPDX-License-Identifier: Apache-2.0
#include "registry/access/authenticator.h"

#include "registry/access/token_secret.h"
#include "registry/catalog/tokens.h"
#include "storage/base/error.h"
#include "tests/support/catch.h"
#include "tests/unit/catalog/fixture.h"

using namespace assay;
using namespace assay::test;

namespace {

struct World {
  Catalogue catalogue;
  SetClock clock;
  CountedEntropy entropy;
  Authenticator authenticator{*catalogue.database, clock};

  std::string token(std::optional<Time> expires_at = {}, std::optional<Time> revoked_at = {}) {
    const TokenSecret secret = TokenSecret::make(entropy);
    catalogue.database->write([&](Transaction& transaction) {
      insert_token(transaction, {new_id(clock, entropy),
                                 secret.hash(),
                                 "ci",
                                 {Role::writer, Namespace::parse("acme")},
                                 kNow,
                                 "admin",
                                 expires_at,
                                 revoked_at});
    });
    return secret.text();
  }

  // The message of the refusal.
  std::string refusal(const std::string& header) {
    try {
      authenticator.authenticate(header);
    } catch (const Error& error) {
      CHECK(error.code() == Code::unauthenticated);
      return error.message();
    }
    FAIL("it was let in: " << header);
    return "";
  }
};

}  // namespace

TEST_CASE("Authentication: a bearer token gives its principal and grant") {
  World world;
  const Principal principal = world.authenticator.authenticate("Bearer " + world.token());
  CHECK(principal.name == "ci");
  CHECK(principal.may(Permission::register_, Namespace::parse("acme")));
  CHECK_FALSE(principal.may(Permission::read, Namespace::parse("rival")));
}

TEST_CASE("Authentication: the scheme's case is free and Basic carries the token as password") {
  World world;
  CHECK(world.authenticator.authenticate("bearer " + world.token()).name == "ci");
  // base64("user:" + token), made by hand for a token of known text is not possible: encode here.
  const std::string plain = "user:" + world.token();
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string encoded;
  for (std::size_t i = 0; i < plain.size(); i += 3) {
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (i + k < plain.size() ? static_cast<unsigned char>(plain[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k)
      encoded += i + k > plain.size() ? '=' : kDigits[group >> (18 - 6 * k) & 63];
  }
  CHECK(world.authenticator.authenticate("Basic " + encoded).name == "ci");
}

TEST_CASE("Authentication: no header says what to send") {
  World world;
  CHECK_THAT(world.refusal(""), Catch::Contains("Authorization: Bearer assay_"));
}

TEST_CASE("Authentication: malformed and foreign headers are refused") {
  World world;
  world.token();
  CountedEntropy other;
  for (int i = 0; i < 1000; ++i) other.fill({});
  const std::string foreign = TokenSecret::make(other).text();  // well-formed, of another registry
  CHECK_THAT(world.refusal("Bearer " + foreign), Catch::Contains("does not know"));
  for (const std::string& header :
       {std::string("Bearer"), std::string("Bearer "), std::string("Bearer nonsense"), foreign,
        std::string("Digest x"), std::string("Basic !!!!"), std::string("Basic dXNlcg=="),
        std::string("Basic "), std::string("Basic ===="), "Bearer " + std::string(2000, 'a'),
        "Bearer  " + foreign})
    CHECK_THAT(world.refusal(header), !Catch::Contains(foreign));
}

TEST_CASE("Authentication: a token ends at its expiry, to the millisecond") {
  World world;
  const Time end = kNow + std::chrono::milliseconds(1000);
  const std::string header = "Bearer " + world.token(end);
  world.clock.time = end - std::chrono::milliseconds(1);
  CHECK(world.authenticator.authenticate(header).name == "ci");
  world.clock.time = end;
  CHECK_THAT(world.refusal(header), Catch::Contains("expired at 2026-11-21T01:02:04.004Z"));
}

TEST_CASE("Authentication: a revoked token is refused") {
  World world;
  CHECK_THAT(world.refusal("Bearer " + world.token({}, kNow)), Catch::Contains("revoked"));
}
