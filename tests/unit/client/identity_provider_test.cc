// SPDX-License-Identifier: Apache-2.0
#include "registry/client/identity_provider.h"

#include <functional>
#include <nlohmann/json.hpp>

#include "storage/base/error.h"
#include "tests/support/catch.h"
#include "tests/unit/client/scripted_server.h"

namespace assay::client {
namespace {

using Catch::Matchers::Contains;
using test::http_answer;
using test::ScriptedServer;
using nlohmann::json;

std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.message();
  }
  FAIL("nothing was refused");
  return {};
}

// A provider that says of itself what `about` makes of its address, then answers with `keys`.
struct Provider {
  explicit Provider(std::function<json(const std::string& url)> about, json keys = {{"keys", json::array()}})
      : server({[this, about](const std::string&) { return http_answer(200, about(server.url()).dump()); },
                [keys](const std::string&) { return http_answer(200, keys.dump()); }}) {}
  ScriptedServer server;
};

}  // namespace

TEST_CASE("Identity provider: its keys are where it says that they are") {
  const json keys = {{"keys", {{{"kid", "one"}}}}};
  Provider provider([](const std::string& url) { return json{{"issuer", url}, {"jwks_uri", url + "/keys?v=2"}}; }, keys);
  CHECK(provider_keys(provider.server.url()) == keys);
  const auto requests = provider.server.requests();
  REQUIRE(requests.size() == 2);
  CHECK_THAT(requests[0], Contains("GET /.well-known/openid-configuration "));
  CHECK_THAT(requests[1], Contains("GET /keys?v=2 "));
}

TEST_CASE("Identity provider: one that calls itself otherwise, or answers nonsense, is refused") {
  Provider other([](const std::string& url) { return json{{"issuer", "https://evil"}, {"jwks_uri", url}}; });
  CHECK_THAT(refusal([&] { provider_keys(other.server.url()); }), Contains("calls itself https://evil"));
  Provider silent([](const std::string& url) { return json{{"issuer", url}}; });
  CHECK_THAT(refusal([&] { provider_keys(silent.server.url()); }), Contains("no \"jwks_uri\""));
  Provider plain([](const std::string& url) { return json{{"issuer", url}, {"jwks_uri", "http://keys.example/"}}; });
  CHECK_THAT(refusal([&] { provider_keys(plain.server.url()); }), Contains("by https"));
}

TEST_CASE("Identity provider: none is asked in the clear, except on this machine") {
  for (const char* url : {"http://idp.example", "ftp://idp", "idp", "http://127.0.0.1.evil.example", "http://localhost.evil"})
    CHECK_THAT(refusal([&] { provider_keys(url); }), Contains("by https"));
}

TEST_CASE("Identity provider: GitHub gives a job its token for the audience asked") {
  ScriptedServer server({[](const std::string&) { return http_answer(200, R"({"value":"a.b.c"})"); }});
  CHECK(github_identity(server.url() + "/token?api=2", "job-secret", "assay registry") == "a.b.c");
  const std::string request = server.requests().at(0);
  CHECK_THAT(request, Contains("GET /token?api=2&audience=assay%20registry "));
  CHECK_THAT(request, Contains("Bearer job-secret"));
}

}  // namespace assay::client
