// SPDX-License-Identifier: Apache-2.0
// Any bytes as a signature's bundle, and as the statement in one: refused or read, never worse, and never a key's.
#include "registry/signing/model_signature.h"

#include <cstdlib>
#include <string>

#include "storage/base/base64.h"
#include "storage/base/error.h"
#include "tests/fuzz/harness.h"

namespace {

// Of a key whose private half nobody has.
constexpr const char* kKey = R"(-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEG50cI9n4XEvBcDV7QyxlKZNlZjVc
qNKiRCPdO0M4t0TRZOSZvC+rJOyzt6UeSjfivO3ughiyrvKnXT4+aPqNTw==
-----END PUBLIC KEY-----
)";

void read(const std::string& bundle) {
  using namespace assay;
  static const PublicKey key = PublicKey::parse_for_models(kKey, "the key");
  try {
    const ModelSignature signature = ModelSignature::parse(bundle);
    if (signature.made_by(key)) std::abort();
    signature.difference({});
  } catch (const Error& error) {
    if (error.code() != Code::invalid_argument && error.code() != Code::unsupported && error.code() != Code::too_large)
      std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  read(text);
  read(R"({"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":"0"}},)"
       R"("dsseEnvelope":{"payloadType":"application/vnd.in-toto+json","signatures":[{"sig":""}],"payload":")" +
       assay::to_base64(text) + R"("}})");
  return 0;
}
