// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/checkpoint.h"

#include "storage/base/base64.h"
#include "storage/base/error.h"
#include "storage/env/clock.h"
#include "storage/env/entropy.h"
#include "tests/support/catch.h"

using namespace assay;

namespace {

// The secret of a log, from a seed that begins with `draw`.
LogSecret make_secret(unsigned char draw = 0, const std::string& name = "") {
  Ed25519Seed seed{};
  seed[0] = draw;
  const Ed25519PublicKey key = ed25519_public_key(seed);
  const std::string log = name.empty() ? "assay/log-" + std::to_string(draw) : name;
  const std::string id = Digest::of(log + "\n\x01" + std::string(key.begin(), key.end())).hex().substr(0, 8);
  return LogSecret::parse("PRIVATE+KEY+" + log + "+" + id + "+" +
                          to_base64("\x01" + std::string(seed.begin(), seed.end())));
}

void refused(std::string_view note, const LogKey& key, Code code, const std::string& words) {
  INFO(note);
  try {
    open_checkpoint(note, key, "pinned.txt");
    FAIL("it was believed");
  } catch (const Error& error) {
    CHECK(error.code() == code);
    CHECK_THAT(error.message(), Catch::Contains(words));
    CHECK_THAT(error.message(), Catch::Contains("pinned.txt"));
  }
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const auto at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), by);
}

std::string base64_of(const Digest& digest) {
  return to_base64(std::string(digest.bytes().begin(), digest.bytes().end()));
}

const TreeHead kHead{1234, Digest::of("the root")};

}  // namespace

TEST_CASE("Ed25519: keys and signatures are those of RFC 8032's first test") {
  const auto bytes = [](std::string_view hex) {
    const Digest digest = Digest::parse("sha256:" + std::string(hex));
    return digest.bytes();
  };
  const Ed25519Seed seed = bytes("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
  const Ed25519PublicKey key = bytes("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  CHECK(ed25519_public_key(seed) == key);
  const std::string signature = ed25519_sign(seed, "");
  CHECK(Digest::of(signature) == Digest::of(*from_base64("5VZDAMNgrHKQhuLMgG6CioSHfx645dl02HPgZSJJAVVfuIIVkKM7rMYeOX"
                                                         "Ac+bRr0lv18FlbviRlUUFDjnoQCw==")));
  CHECK(ed25519_verify(key, signature, ""));
  CHECK_FALSE(ed25519_verify(key, signature, "x"));
  CHECK_FALSE(ed25519_verify(key, signature.substr(1), ""));
  CHECK_FALSE(ed25519_verify(Ed25519PublicKey{}, signature, ""));
}

TEST_CASE("Checkpoint: keys and signatures are those of the signed notes that others write") {
  const LogKey key = LogKey::parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n");
  CHECK(key.name() == "PeterNeumann");
  const auto signature = from_base64(
      "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=");
  REQUIRE(signature);
  CHECK(signature->substr(0, 4) == key.id());
  CHECK(key.made(signature->substr(4), "If you think cryptography is the answer to your problem,\n"
                                       "then you don't know what your problem is.\n"));
  const std::string secret = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
  CHECK(LogSecret::parse(secret).key() == key);
  CHECK(LogSecret::parse(secret).text() == secret);
}

TEST_CASE("Checkpoint: says the log, the number of entries and the root, and is signed") {
  const LogSecret secret = make_secret();
  const std::string note = secret.sign(kHead);
  const std::string name = secret.key().name();
  CHECK_THAT(note, Catch::StartsWith(name + "\n1234\n" + base64_of(kHead.root) + "\n\n\u2014 " + name + " "));
  CHECK(open_checkpoint(note, secret.key(), "pinned.txt") == kHead);
  CHECK(secret.sign(kHead) == note);
  CHECK(LogKey::parse(secret.key().text()) == secret.key());
  CHECK(LogSecret::parse(secret.text() + "\n").key() == secret.key());
}

TEST_CASE("Checkpoint: each new log has a name and a key of its own") {
  SystemClock clock;
  SystemEntropy entropy;
  const LogSecret one = LogSecret::make(clock, entropy), two = LogSecret::make(clock, entropy);
  CHECK_THAT(one.key().name(), Catch::StartsWith("assay/"));
  CHECK(one.key().name() != two.key().name());
  CHECK(one.text() != two.text());
  CHECK(open_checkpoint(one.sign(kHead), one.key(), "pinned.txt") == kHead);
}

TEST_CASE("Checkpoint: signatures of witnesses and further lines may stand in it") {
  const LogSecret secret = make_secret(), witness = make_secret(1);
  const std::string text =
      secret.key().name() + "\n1234\n" + base64_of(kHead.root) + "\nanything that is added later\n";
  const auto line = [&](const LogSecret& by) {
    const std::string note = by.sign(kHead);
    return note.substr(note.find("\n\n") + 2);
  };
  const std::string note = secret.sign(kHead);
  CHECK(open_checkpoint(note + line(witness), secret.key(), "pinned.txt") == kHead);
  CHECK(open_checkpoint(replaced(note, "\n\n", "\n\n" + line(witness)), secret.key(), "pinned.txt") == kHead);
  // A further line belongs to what is signed.
  refused(text + "\n" + line(secret), secret.key(), Code::corrupt, "does not hold");
}

TEST_CASE("Checkpoint: one that was changed, or that another key signed, is not believed") {
  const LogSecret secret = make_secret(), other = make_secret(1), twin = make_secret(7, secret.key().name());
  const std::string note = secret.sign(kHead);
  refused(replaced(note, "1234", "1235"), secret.key(), Code::corrupt, "does not hold");
  refused(replaced(note, base64_of(kHead.root), base64_of(Digest::of("x"))), secret.key(), Code::corrupt, "does not hold");
  refused(other.sign(kHead), secret.key(), Code::corrupt, "another registry");
  refused(twin.sign(kHead), secret.key(), Code::corrupt, "earlier key");
  // Every bit of the signature counts.
  for (std::size_t at = note.rfind(' ') + 1; at + 4 < note.size(); ++at) {
    std::string changed = note;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    INFO(changed);
    try {
      open_checkpoint(changed, secret.key(), "pinned.txt");
      FAIL("it was believed");
    } catch (const Error& error) {
      CHECK(error.code() == Code::corrupt);
    }
  }
}

TEST_CASE("Checkpoint: what is none is refused, saying why") {
  const LogSecret secret = make_secret();
  const std::string note = secret.sign(kHead);
  const auto bad = [&](const std::string& text, const std::string& words) {
    refused(text, secret.key(), Code::invalid_argument, words);
  };
  bad("", "no signature");
  bad("hello\n", "no signature");
  bad(note.substr(0, note.find("\n\n") + 2), "no signature");
  bad(note.substr(0, note.size() - 1), "no signature");
  bad(replaced(note, "\u2014 ", "- "), "no signature");
  bad(note + "assay\n", "no signature");
  bad(replaced(note, "1234", "01234"), "number of entries");
  bad(replaced(note, "1234", "-1"), "number of entries");
  bad(replaced(note, "1234", "18446744073709551615"), "number of entries");
  bad(replaced(note, "1234", "99999999999999999999999"), "number of entries");
  bad(replaced(note, "1234", ""), "number of entries");
  bad(replaced(note, base64_of(kHead.root), "AAAA"), "SHA-256");
  bad(replaced(note, base64_of(kHead.root) + "\n", ""), "ends too early");
  bad(replaced(note, "1234", "12\r34"), "plain");
  bad(replaced(note, "1234", "12\xff"), "plain");
  bad(note + std::string(70'000, 'x') + "\n", "longer");
  bad(note + "\u2014 name !!!!\n", "base64");
  bad(note + "\u2014 name AAAA\n", "base64");
}

TEST_CASE("Checkpoint: a key that is none is refused, and a private one is not repeated") {
  const LogSecret secret = make_secret();
  const std::string text = secret.key().text();
  for (const std::string& wrong :
       {std::string(), std::string("+"), text.substr(1), text.substr(0, text.size() - 4), text + "x",
        replaced(text, "+", "+0"), "name" + text.substr(text.find('+')), secret.text()})
    CHECK_THROWS_AS(LogKey::parse(wrong), Error);
  const std::string hidden = secret.text().substr(0, secret.text().size() - 4);
  CHECK_THROWS_WITH(LogSecret::parse(hidden), !Catch::Contains(hidden.substr(hidden.size() - 20)));
  CHECK_THROWS_AS(LogSecret::parse(text), Error);
}
