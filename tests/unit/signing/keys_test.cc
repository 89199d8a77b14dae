// SPDX-License-Identifier: Apache-2.0
#include "registry/signing/keys.h"

#include <fstream>

#include "storage/base/digest.h"
#include "storage/base/error.h"
#include "tests/unit/signing/openssl.h"

using namespace assay;
using namespace assay::test;
using Catch::Matchers::Contains;

namespace {

const std::string kCurve = "-algorithm EC -pkeyopt ec_paramgen_curve:";

template <class Action>
std::string refusal(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    CHECK(error.code() == Code::invalid_argument);
    return error.message();
  }
  FAIL("nothing was thrown");
  return "";
}

}  // namespace

TEST_CASE("Keys: each kind signs what openssl verifies, with the hash of its size") {
  const std::tuple<std::string, KeyKind, std::string> kinds[] = {{kCurve + "P-256", KeyKind::p256, "sha256"},
                                                                 {kCurve + "P-384", KeyKind::p384, "sha384"},
                                                                 {kCurve + "P-521", KeyKind::p521, "sha512"}};
  for (const auto& [made, kind, hash] : kinds) {
    CAPTURE(made);
    const KeyPair pair(made);
    CHECK(pair.private_key().kind() == kind);
    const std::string signature = pair.private_key().sign("a message");
    std::ofstream(pair.folder / "message", std::ios::binary) << "a message";
    std::ofstream(pair.folder / "signature", std::ios::binary) << signature;
    openssl("dgst -" + hash + " -verify '" + pair.pub.string() + "' -signature '" +
            (pair.folder / "signature").string() + "' '" + (pair.folder / "message").string() + "'");
    CHECK(pair.public_key().made(signature, "a message"));
    CHECK_FALSE(pair.public_key().made(signature, "another"));
    CHECK_FALSE(pair.public_key().made(signature.substr(1), "a message"));
    CHECK_FALSE(pair.public_key().made("", "a message"));
    CHECK_FALSE(KeyPair(made).public_key().made(signature, "a message"));
  }
}

TEST_CASE("Keys: a hint is the SHA-256 of the PEM that openssl prints") {
  const KeyPair pair;
  CHECK(pair.public_key().pem() == read_pem(pair.pub));
  CHECK(pair.public_key().hint() == Digest::of(read_pem(pair.pub)).hex());
  CHECK(pair.private_key().public_key().hint() == pair.public_key().hint());
}

TEST_CASE("Keys: only ECDSA on the three curves signs models") {
  for (const char* kind : {"-algorithm ed25519", "-algorithm EC -pkeyopt ec_paramgen_curve:secp256k1",
                           "-algorithm RSA -pkeyopt rsa_keygen_bits:2048"}) {
    CAPTURE(kind);
    const KeyPair pair(kind);
    CHECK_THAT(refusal([&] { PrivateKey::parse_for_models(read_pem(pair.key), "key.pem"); }),
               Contains("key.pem") && Contains("openssl genpkey"));
    refusal([&] { PublicKey::parse_for_models(read_pem(pair.pub), "pub.pem"); });
  }
  const KeyPair good;
  CHECK(PublicKey::parse_for_models(read_pem(good.pub), "pub.pem").kind() == KeyKind::p256);
  CHECK_THAT(refusal([&] { PublicKey::parse_for_models(read_pem(good.pub) + read_pem(good.pub), "two.pem"); }),
             Contains("2 public keys"));
}

TEST_CASE("Keys: what is no key, or has a pass phrase, is refused by name and asks nobody") {
  const KeyPair pair;
  openssl("pkey -in '" + pair.key.string() + "' -aes256 -passout pass:secret -out '" +
          (pair.folder / "locked.pem").string() + "'");
  CHECK_THAT(refusal([&] { PrivateKey::parse(read_pem(pair.folder / "locked.pem"), "locked.pem"); }),
             Contains("locked.pem") && Contains("without a pass phrase"));
  refusal([&] { PrivateKey::parse(read_pem(pair.pub), "pub.pem"); });
  refusal([&] { PublicKey::parse_all(read_pem(pair.key), "key.pem"); });
  refusal([&] { PublicKey::parse_all("", "nothing"); });
  CHECK_THROWS_AS(read_pem(pair.folder / "missing.pem"), Error);
}
