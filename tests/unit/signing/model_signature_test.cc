// SPDX-License-Identifier: Apache-2.0
#include "registry/signing/model_signature.h"

#include <nlohmann/json.hpp>

#include "storage/base/base64.h"
#include "storage/base/error.h"
#include "tests/unit/signing/openssl.h"

using namespace assay;
using namespace assay::test;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

std::vector<VersionFile> files(const std::vector<std::pair<std::string, std::string>>& made) {
  std::vector<VersionFile> out;
  for (const auto& [path, bytes] : made) out.push_back({FilePath::parse(path), Digest::of(bytes), bytes.size(), ""});
  return out;
}

const std::vector<VersionFile> kFiles = files({{"a-b", "3"}, {"a.b", "2"}, {"a/b", "1"}, {"w.safetensors", "w"}});

struct Signed {
  KeyPair pair;
  std::string bundle = sign_model("churn", kFiles, pair.private_key());

  json statement() const {
    return json::parse(*from_base64(json::parse(bundle)["dsseEnvelope"]["payload"].get<std::string>()));
  }
  // The bundle with another statement, signed properly or not at all.
  std::string with(const json& statement) const {
    json changed = json::parse(bundle);
    changed["dsseEnvelope"]["payload"] = to_base64(statement.dump());
    return changed.dump();
  }
};

Code refusal(const std::string& bundle) {
  try {
    ModelSignature::parse(bundle);
  } catch (const Error& error) {
    return error.code();
  }
  return Code::internal;
}

}  // namespace

TEST_CASE("Model signature: is good for its key and its files, and for no other") {
  const Signed made;
  const ModelSignature signature = ModelSignature::parse(made.bundle);
  CHECK(signature.name() == "churn");
  CHECK(signature.hint() == made.pair.public_key().hint());
  CHECK(signature.made_by(made.pair.public_key()));
  CHECK_FALSE(signature.made_by(KeyPair().public_key()));
  CHECK(signature.difference(kFiles).empty());
  CHECK_THAT(signature.difference(files({{"a-b", "3"}, {"a.b", "2"}, {"a/b", "1"}, {"w.safetensors", "x"}})),
             Contains("w.safetensors is sha256:"));
  CHECK(signature.difference(files({{"a-b", "3"}, {"a.b", "2"}, {"a/b", "1"}})) ==
        "w.safetensors was signed and is not there");
  std::vector<VersionFile> more = kFiles;
  more.push_back(files({{"new.pkl", "x"}})[0]);
  CHECK(signature.difference(more) == "new.pkl was not signed");
}

TEST_CASE("Model signature: files stand in the order of their paths' parts, and the subject is all of them") {
  const json statement = Signed().statement();
  std::vector<std::string> names;
  std::string digests;
  for (const json& resource : statement["predicate"]["resources"]) {
    names.push_back(resource["name"].get<std::string>());
    const Digest digest = Digest::parse("sha256:" + resource["digest"].get<std::string>());
    digests.append(digest.bytes().begin(), digest.bytes().end());
  }
  CHECK(names == std::vector<std::string>{"a/b", "a-b", "a.b", "w.safetensors"});
  CHECK(statement["subject"][0]["digest"]["sha256"] == Digest::of(digests).hex());
}

TEST_CASE("Model signature: what other tools leave out may be left out, by name and at the top alone") {
  const KeyPair pair;
  std::vector<VersionFile> whole = kFiles;
  for (VersionFile& file : files({{".gitattributes", "lfs"}, {"model.sig", "{}"}})) whole.push_back(file);
  const auto signature = ModelSignature::parse(sign_model("churn", whole, pair.private_key()));
  CHECK(signature.difference(whole).empty());
  CHECK(signature.difference(kFiles).empty());
  for (const char* path : {"model.sig/w.pkl", "sub/model.sig", ".git/w.pkl", ".gitattributes2"}) {
    std::vector<VersionFile> hidden = whole;
    hidden.push_back(files({{path, "x"}})[0]);
    CHECK(signature.difference(hidden) == std::string(path) + " was not signed");
  }
}

TEST_CASE("Model signature: any byte of the bundle that is altered is noticed") {
  const Signed made;
  const PublicKey key = made.pair.public_key();
  std::size_t refused = 0, not_made = 0;
  for (std::size_t at = 0; at < made.bundle.size(); ++at) {
    std::string altered = made.bundle;
    altered[at] = static_cast<char>(altered[at] ^ 1);
    try {
      const ModelSignature signature = ModelSignature::parse(altered);
      const bool good = signature.made_by(key) && signature.difference(kFiles).empty();
      // What is not signed: the key's id, which nobody reads, and the log entries, of which there are none.
      if (good) CHECK_THAT(json::diff(json::parse(made.bundle), json::parse(altered)).dump(),
                           Contains("keyid") || Contains("tlogEntries"));
      not_made += good ? 0 : 1;
    } catch (const Error&) {
      ++refused;
    }
  }
  CHECK(refused > 0);
  CHECK(not_made > 0);
}

TEST_CASE("Model signature: a statement that was not signed is not of the key") {
  const Signed made;
  json statement = made.statement();
  statement["subject"][0]["name"] = "another";
  CHECK_FALSE(ModelSignature::parse(made.with(statement)).made_by(made.pair.public_key()));
  statement["subject"][0]["digest"]["sha256"] = std::string(64, '0');
  CHECK(refusal(made.with(statement)) == Code::invalid_argument);
}

TEST_CASE("Model signature: other forms are named as such, and what is malformed is refused") {
  const Signed made;
  const auto changed = [&](const char* pointer, const json& value) {
    json statement = made.statement();
    statement[json::json_pointer(pointer)] = value;
    return refusal(made.with(statement));
  };
  CHECK(changed("/predicateType", "https://slsa.dev/provenance/v1") == Code::unsupported);
  CHECK(changed("/predicate/serialization/method", "shards") == Code::unsupported);
  CHECK(changed("/predicate/serialization/hash_type", "blake3") == Code::unsupported);
  CHECK(changed("/predicate/resources/0/algorithm", "blake3") == Code::unsupported);
  CHECK(changed("/predicate/resources/0/digest", "00") == Code::invalid_argument);
  CHECK(changed("/predicate/resources", 3) == Code::invalid_argument);
  CHECK(changed("/subject", json::array()) == Code::invalid_argument);
  json bundle = json::parse(made.bundle);
  bundle["verificationMaterial"] = {{"certificate", {{"rawBytes", ""}}}};
  CHECK(refusal(bundle.dump()) == Code::unsupported);
  bundle = json::parse(made.bundle);
  bundle["dsseEnvelope"]["signatures"] = json::array();
  CHECK(refusal(bundle.dump()) == Code::invalid_argument);
  bundle["dsseEnvelope"]["payload"] = "not base64";
  CHECK(refusal(bundle.dump()) == Code::invalid_argument);
  for (const char* text : {"", "{}", "[]", "null", "{\"mediaType\":3}"}) CHECK(refusal(text) == Code::invalid_argument);
  CHECK(refusal(std::string(kMaxSignatureBytes + 1, ' ')) == Code::too_large);
}
