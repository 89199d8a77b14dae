// SPDX-License-Identifier: Apache-2.0
#include "registry/access/json_web_token.h"

#include <functional>

#include "storage/base/base64.h"
#include "storage/base/error.h"
#include "tests/support/identity_provider.h"

namespace assay::test {
namespace {

using nlohmann::json;

const Time kNow = parse_time("2026-11-27T12:00:00Z");
const std::int64_t kNowSeconds = std::chrono::floor<std::chrono::seconds>(kNow).time_since_epoch().count();

json claims() {
  return {{"iss", "https://idp"}, {"aud", "assay"}, {"sub", "repo:acme/churn"}, {"exp", kNowSeconds + 300}};
}

JsonWebKeys keys_of(const std::vector<json>& keys) {
  return JsonWebKeys::parse({{"keys", keys}});
}

std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    CHECK((error.code() == Code::unauthenticated || error.code() == Code::invalid_argument ||
           error.code() == Code::too_large));
    return error.message();
  }
  return "nothing was refused";
}

std::string refusal_of(const std::string& token, const JsonWebKeys& keys) {
  return refusal([&] { proven_claims(token, keys, kNow); });
}

using Catch::Matchers::Contains;

}  // namespace

TEST_CASE("Identity token: what a pinned key signed, by RS256 or ES256, is read") {
  const IdentityKey rsa = IdentityKey::rsa("one"), ec = IdentityKey::ec("two");
  const JsonWebKeys keys = keys_of({rsa.jwk(), ec.jwk()});
  CHECK(proven_claims(rsa.sign(claims()), keys, kNow) == claims());
  CHECK(proven_claims(ec.sign(claims()), keys, kNow) == claims());
}

TEST_CASE("Identity token: nothing else counts as a signature") {
  const IdentityKey rsa = IdentityKey::rsa("one"), ec = IdentityKey::ec("two"), other = IdentityKey::rsa("one");
  const JsonWebKeys keys = keys_of({rsa.jwk(), ec.jwk()});
  const auto with_header = [&](const json& header) { return refusal_of(rsa.sign(claims(), header), keys); };
  for (const char* algorithm : {"none", "NONE", "HS256", "PS256", "RS512", "rs256", ""})
    CHECK_THAT(with_header({{"alg", algorithm}}), Contains("RS256 or ES256"));
  CHECK_THAT(with_header({{"alg", 7}}), Contains("RS256 or ES256"));
  CHECK_THAT(with_header({{"alg", "ES256"}}), Contains("not signed by a key"));  // the right key by another's name
  CHECK_THAT(with_header({{"kid", "three"}}), Contains("not signed by a key"));
  CHECK_THAT(with_header({{"crit", {"exp"}}}), Contains("extensions"));
  // A key that the token brings along is never looked at.
  CHECK_THAT(refusal_of(other.sign(claims(), {{"jwk", other.jwk()}, {"jku", "https://evil"}, {"x5u", "https://evil"}}), keys),
             Contains("not signed by a key"));
  // The classic confusion: the public key as a shared secret, and no signature at all.
  const std::string token = rsa.sign(claims());
  CHECK_THAT(refusal_of(token.substr(0, token.rfind('.') + 1), keys), Contains("not signed by a key"));
  std::string altered = token;
  altered[token.find('.') + 5] = altered[token.find('.') + 5] == 'A' ? 'B' : 'A';
  CHECK(refusal_of(altered, keys) != "nothing was refused");
  for (std::size_t at = token.rfind('.') + 1; at + 1 < token.size(); at += 37) {
    std::string flipped = token;
    flipped[at] = flipped[at] == 'A' ? 'B' : 'A';
    CHECK_THAT(refusal_of(flipped, keys), Contains("not signed by a key"));
  }
  const std::string message = ec.sign(claims()).substr(0, ec.sign(claims()).rfind('.'));
  CHECK_THAT(refusal_of(message + "." + base64url(std::string(64, '\0')), keys), Contains("not signed by a key"));
  CHECK_THAT(refusal_of(message + "." + base64url(std::string(63, 'x')), keys), Contains("not signed by a key"));
}

TEST_CASE("Identity token: it holds from nbf to exp, a minute of clocks aside") {
  const IdentityKey key = IdentityKey::ec("one");
  const JsonWebKeys keys = keys_of({key.jwk()});
  const auto with = [&](const char* claim, const json& value) {
    json changed = claims();
    changed[claim] = value;
    return refusal_of(key.sign(changed), keys);
  };
  CHECK_THAT(with("exp", kNowSeconds - 60), Contains("expired at"));
  CHECK(with("exp", kNowSeconds - 59) == "nothing was refused");
  CHECK_THAT(with("nbf", kNowSeconds + 61), Contains("valid only from"));
  CHECK(with("nbf", kNowSeconds + 60) == "nothing was refused");
  for (const json& wrong : {json("soon"), json(-1), json(1e300), json(), json::array()})
    CHECK_THAT(with("exp", wrong), Contains("no time in \"exp\""));
  json without = claims();
  without.erase("exp");
  CHECK_THAT(refusal_of(key.sign(without), keys), Contains("does not say when it expires"));
}

TEST_CASE("Identity token: what is malformed is refused with the reason, and is not repeated") {
  const IdentityKey key = IdentityKey::ec("one");
  const JsonWebKeys keys = keys_of({key.jwk()});
  for (const std::string text : {"", ".", "a.b", "..", "a.b.c.d", "e30.e30.e30.", "e30=.e30.e30", "e 0.e30.e30", "bm9=.e30.e30"})
    CHECK_THAT(refusal_of(text, keys), Contains("The identity token"));
  CHECK_THAT(refusal_of(std::string(kMaxWebToken + 1, 'a'), keys), Contains("more than"));
  CHECK_THAT(refusal_of(base64url("[1]") + ".e30.e30", keys), Contains("header"));
  CHECK_THAT(refusal_of(base64url(R"({"alg":"ES256","alg":"none"})") + ".e30.e30", keys), Contains("header"));
  CHECK_THAT(refusal_of(base64url(R"({"alg":"ES256"})") + ".e30.e3", keys), Contains("signature"));
}

TEST_CASE("Identity keys: of a provider's set those for signatures count, and a weak or broken one is refused") {
  const json rsa = IdentityKey::rsa("one").jwk(), ec = IdentityKey::ec("two").jwk();
  const auto refused = [](const std::vector<json>& keys) { return refusal([&] { keys_of(keys); }); };
  const auto with = [](json key, const char* member, const json& value) {
    key[member] = value;
    return key;
  };
  CHECK(refused({rsa, with(ec, "use", "enc"), with(ec, "kty", "OKP"), with(ec, "crv", "P-384")}) == "nothing was refused");
  CHECK_THAT(refused({}), Contains("no RSA or P-256 key"));
  CHECK_THAT(refused({with(rsa, "use", "enc")}), Contains("no RSA or P-256 key"));
  CHECK_THAT(refused({with(rsa, "alg", "RS512")}), Contains("no RSA or P-256 key"));
  CHECK_THAT(refused({IdentityKey::rsa("weak", 1024).jwk()}), Contains("1024 bits"));
  CHECK_THAT(refused({rsa, rsa}), Contains("two keys"));
  CHECK_THAT(refused({with(rsa, "kid", json())}), Contains("no \"kid\""));
  CHECK_THAT(refused({with(ec, "x", base64url(std::string(32, '\x01')))}), Contains("is not one"));  // off the curve
  CHECK_THAT(refused({with(ec, "x", "AQ")}), Contains("another size"));
  CHECK_THAT(refused({with(rsa, "n", "!!")}), Contains("base64url"));
  CHECK_THAT(refused({with(rsa, "n", 7)}), Contains("no member \"n\""));
  CHECK_THAT(refused({json(7)}), Contains("no object"));
  CHECK(refused(std::vector<json>(JsonWebKeys::kMaxKeys + 1, rsa)) != "nothing was refused");
}

TEST_CASE("Base64url: each length comes back, and nothing but whole bytes is read") {
  for (std::size_t size = 0; size < 70; ++size) {
    std::string bytes;
    for (std::size_t i = 0; i < size; ++i) bytes.push_back(static_cast<char>(i * 37 + size));
    CHECK(from_base64url(base64url(bytes)) == bytes);
  }
  for (const char* wrong : {"A", "AB", "AAB", "A===", "AA==", "A A", "+/+/", "AAAAA"}) CHECK_FALSE(from_base64url(wrong));
}

}  // namespace assay::test
