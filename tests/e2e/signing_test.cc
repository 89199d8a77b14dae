// SPDX-License-Identifier: Apache-2.0
// What is in a version's files and who vouches for it, through the built program: as `assay show` tells it, as a gate
// refuses it, and as keys sign it.
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "tests/e2e/registry.h"
#include "tests/support/catch.h"

namespace assay::test {
namespace {

using Catch::Matchers::Contains;

constexpr const char* kGate = R"(stage: production
rules:
  - artifact: {no_pickle: true, signed_by: [release-key]}
)";
// What Python's pickle writes for a call of os.system, and a safetensors file of one number.
const std::string kPickle = "cposix\nsystem\n(S'true'\ntR.";
const std::string kTensors =
    std::string("\x38\0\0\0\0\0\0\0", 8) + R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}  )" + "\x01\x02\x03\x04";

// A registry with key pairs release and other.
struct Desk : Registry {
  Desk() {
    for (const std::string name : {"release", "other"}) {
      const std::string key = file(name + ".key").string(), pub = file(name + ".pub").string();
      REQUIRE(std::system(("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out '" + key +
                           "' 2>/dev/null && openssl pkey -in '" + key + "' -pubout -out '" + pub + "'")
                              .c_str()) == 0);
    }
    write("gate.yaml", kGate);
  }
  void push(const std::string& name, const std::string& bytes) {
    expect(0, {"push", "model", "churn", write(name, bytes).string()});
  }
};

}  // namespace

TEST_CASE("Signing: a gate refuses pickles whatever they are called, and lets in what a trusted key signed") {
  Desk desk;
  desk.push("weights.safetensors", kPickle);
  desk.push("weights.pkl", kTensors);
  const auto unknown = desk.expect(60, {"policy", "set", "churn", "gate.yaml"});
  CHECK_THAT(unknown.err, Contains("release-key") && Contains("assay key set"));
  desk.expect(0, {"key", "set", "release-key", "release.pub"});
  desk.expect(0, {"policy", "set", "churn", "gate.yaml"});

  const auto shown = desk.expect(0, {"show", "churn@1"});
  CHECK_THAT(shown.out, Contains("pickle, unsafe") && Contains("imports posix.system"));
  CHECK(desk.json({"show", "churn@2"})["content"][0]["format"] == "safetensors");
  const auto pickle = desk.expect(10, {"promote", "churn@1", "--to", "production"});
  CHECK_THAT(pickle.out + pickle.err, Contains("weights.safetensors of churn@1 is or holds a pickle"));
  const auto missing = desk.expect(11, {"promote", "churn@2", "--to", "production"});
  CHECK_THAT(missing.out + missing.err, Contains("no valid signature by release-key"));

  desk.expect(0, {"sign", "churn@2", "--key", "other.key"});
  desk.expect(11, {"promote", "churn@2", "--to", "production"});
  desk.expect(0, {"sign", "churn@2", "--key", "release.key"});
  CHECK_THAT(desk.expect(0, {"sign", "churn@2", "--key", "release.key"}).out, Contains("was signed already"));
  desk.expect(0, {"promote", "churn@2", "--to", "production"});
  const std::string id = desk.json({"explain", "churn@production"})["decision"]["id"];
  CHECK_THAT(desk.expect(0, {"decision", "replay", id}).out, Contains("the same comes out"));
  CHECK_THAT(desk.expect(0, {"key", "ls"}).out, Contains("release-key"));
  desk.expect(0, {"key", "remove", "release-key"});
  desk.expect(60, {"key", "remove", "release-key"});
}

TEST_CASE("Signing: verify tells who signed from who did not and from what was altered") {
  Desk desk;
  desk.push("w.safetensors", kTensors);
  desk.push("w.safetensors", kTensors + "x");
  const auto verify = [&](int expected, const std::string& version, const std::string& key, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"verify", "churn@" + version, "--key", key};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return desk.expect(expected, arguments);
  };
  verify(10, "1", "release.pub");
  desk.expect(0, {"sign", "churn@1", "--key", "release.key"});
  verify(0, "1", "release.pub");
  verify(10, "1", "other.pub");
  verify(10, "2", "release.pub");
  desk.expect(0, {"sign", "churn@1", "--key", "release.key", "--output", "model.sig"});
  verify(0, "1", "release.pub", {"--signature", "model.sig"});
  CHECK_THAT(verify(40, "2", "release.pub", {"--signature", "model.sig"}).err, Contains("w.safetensors is sha256:"));
  nlohmann::json bundle = nlohmann::json::parse(read_file(desk.file("model.sig")));
  bundle["dsseEnvelope"]["signatures"][0]["sig"] = "AAAA";
  desk.write("forged.sig", bundle.dump());
  verify(40, "1", "release.pub", {"--signature", "forged.sig"});
  desk.expect(60, {"sign", "churn@1", "--key", "release.pub"});
  desk.expect(60, {"verify", "churn@1", "--key", "release.key"});
  desk.expect(60, {"verify", "churn@1", "--key", "missing.pub"});
  desk.expect(60, {"sign", "churn@9", "--key", "release.key"});
}

}  // namespace assay::test
