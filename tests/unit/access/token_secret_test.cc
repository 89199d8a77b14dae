// SPDX-License-Identifier: Apache-2.0
#include "registry/access/token_secret.h"

#include <set>

#include "storage/base/error.h"
#include "tests/support/catch.h"
#include "tests/unit/catalog/fixture.h"

using namespace assay;
using namespace assay::test;

namespace {

// Bytes all alike.
class FlatEntropy final : public Entropy {
 public:
  explicit FlatEntropy(std::byte value) : value_(value) {}
  void fill(std::span<std::byte> out) override { std::fill(out.begin(), out.end(), value_); }

 private:
  std::byte value_;
};

}  // namespace

TEST_CASE("Token: what is made is parsed, has one length and is never the same") {
  CountedEntropy entropy;
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const TokenSecret secret = TokenSecret::make(entropy);
    CHECK(secret.text().size() == 55);
    CHECK(secret.text().starts_with("assay_"));
    CHECK(TokenSecret::parse(secret.text()).hash() == secret.hash());
    CHECK(seen.insert(secret.text()).second);
  }
}

TEST_CASE("Token: all 256 bits are in it") {
  FlatEntropy zeros(std::byte{0}), ones(std::byte{0xff});
  CHECK(TokenSecret::make(zeros).text().substr(6, 43) == std::string(43, '0'));
  // 2^256 - 1 in base 62, as any calculator with long numbers gives it.
  CHECK(TokenSecret::make(ones).text().substr(6, 43) == "yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1");
}

TEST_CASE("Token: any changed, missing or added letter is noticed") {
  CountedEntropy entropy;
  const std::string text = TokenSecret::make(entropy).text();
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = changed[i] == 'x' ? 'y' : 'x';
    CHECK_THROWS_AS(TokenSecret::parse(changed), Error);
  }
  for (const std::string& wrong : {std::string(), text.substr(1), text.substr(0, 54), text + "0", " " + text,
                                   text + "\n", std::string("assay_"), std::string(55, 'a')})
    CHECK_THROWS_AS(TokenSecret::parse(wrong), Error);
}

TEST_CASE("Token: the message about a wrong one does not repeat it") {
  try {
    TokenSecret::parse("assay_secretsecret");
    FAIL("it was taken");
  } catch (const Error& error) {
    CHECK_THAT(error.message(), !Catch::Contains("secretsecret"));
  }
}
