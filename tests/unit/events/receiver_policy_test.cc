// SPDX-License-Identifier: Apache-2.0
#include "registry/events/receiver_policy.h"

#include "tests/unit/service/registry.h"

using namespace assay;
using namespace assay::test;

namespace {

bool refuses(const ReceiverPolicy& policy, const char* url, const char* address) {
  return policy.refusal(WebhookUrl::parse(url), *IpAddress::parse(address)).has_value();
}

bool possible(const ReceiverPolicy& policy, const char* url) {
  try {
    policy.require_possible(WebhookUrl::parse(url));
    return true;
  } catch (const Error& error) {
    CHECK(error.code() == Code::invalid_argument);
    CHECK_THAT(error.message(), Catch::Contains("--webhook-allow"));
    return false;
  }
}

}  // namespace

TEST_CASE("Receiver policy: without an allow-list only the public internet is told, and only by https") {
  const ReceiverPolicy policy;
  CHECK_FALSE(refuses(policy, "https://example.org/", "8.8.8.8"));
  CHECK(refuses(policy, "http://example.org/", "8.8.8.8"));
  CHECK(refuses(policy, "https://example.org/", "127.0.0.1"));
  CHECK(refuses(policy, "https://example.org/", "169.254.169.254"));
  CHECK(refuses(policy, "https://example.org/", "::ffff:8.8.8.8"));
  CHECK(possible(policy, "https://example.org/"));
  CHECK_FALSE(possible(policy, "http://example.org/"));
  CHECK_FALSE(possible(policy, "https://127.0.0.1/"));
  CHECK_FALSE(possible(policy, "https://[::1]/"));
}

TEST_CASE("Receiver policy: what the operator allows by name or network is told, even without TLS, and nothing else") {
  const ReceiverPolicy policy = ReceiverPolicy::parse({"Hooks.internal", "10.1.0.0/16", "::1"});
  CHECK_FALSE(refuses(policy, "http://hooks.internal/", "192.168.0.7"));
  CHECK(refuses(policy, "http://sub.hooks.internal/", "192.168.0.7"));
  CHECK_FALSE(refuses(policy, "http://other.example/", "10.1.2.3"));
  CHECK(refuses(policy, "http://other.example/", "10.2.2.3"));
  CHECK_FALSE(refuses(policy, "http://[::1]:8080/", "::1"));
  CHECK(possible(policy, "http://hooks.internal/"));
  CHECK(possible(policy, "http://other.example/"));  // it may turn out to be in 10.1.0.0/16
  CHECK_FALSE(possible(policy, "http://10.2.0.1/"));
  CHECK_FALSE(possible(ReceiverPolicy::parse({"hooks.internal"}), "http://other.example/"));
}

TEST_CASE("Receiver policy: an allow-list that nobody can have meant is refused") {
  for (const char* text : {"", "10.0.0.1/8", "http://hooks.internal", "hooks.internal:80", "hooks.internal/x", "a b",
                           "*"}) {
    INFO(text);
    CHECK(code_of([&] { ReceiverPolicy::parse({text}); }) == Code::invalid_argument);
  }
}
