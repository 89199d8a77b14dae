// SPDX-License-Identifier: Apache-2.0
#include "registry/events/signature.h"

#include "tests/unit/service/registry.h"

using namespace assay;
using namespace assay::test;

TEST_CASE("Webhook signature: agrees with the published example of Standard Webhooks") {
  CHECK(webhook_signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
                          R"({"test": 2432232314})") == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST_CASE("Webhook signature: every part counts, and so does the secret") {
  CountedEntropy entropy;
  const std::string secret = new_webhook_secret(entropy);
  const std::string signature = webhook_signature(secret, "id", 1, "body");
  CHECK(webhook_signature(secret, "id", 1, "body") == signature);
  CHECK(webhook_signature(secret, "ie", 1, "body") != signature);
  CHECK(webhook_signature(secret, "id", 2, "body") != signature);
  CHECK(webhook_signature(secret, "id", 1, "bodz") != signature);
  CHECK(webhook_signature(new_webhook_secret(entropy), "id", 1, "body") != signature);
}

TEST_CASE("Webhook secret: 256 bits in base64 behind its prefix, another one each time") {
  CountedEntropy entropy;
  const std::string secret = new_webhook_secret(entropy);
  CHECK(secret.starts_with("whsec_"));
  CHECK(secret.size() == 6 + 44);
  CHECK(secret != new_webhook_secret(entropy));
  for (const char* text : {"", "whsec_", "whsec_!", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"})
    CHECK(code_of([&] { webhook_signature(text, "id", 1, ""); }) == Code::corrupt);
}
