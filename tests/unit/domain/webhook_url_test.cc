// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/webhook_url.h"

#include "registry/domain/event_filter.h"
#include "storage/base/error.h"
#include "tests/support/catch.h"

using namespace assay;

namespace {

std::string refusal_of(const std::string& url) {
  try {
    WebhookUrl::parse(url);
  } catch (const Error& error) {
    CHECK(error.code() == Code::invalid_argument);
    CHECK(error.message().find("s3cret") == std::string::npos);
    return error.message();
  }
  return "";
}

}  // namespace

TEST_CASE("Webhook URL: is taken apart into what a connection and a request need") {
  const WebhookUrl full = WebhookUrl::parse("https://Hooks.Example.org:8443/a/b?c=d%20e");
  CHECK(full.text() == "https://Hooks.Example.org:8443/a/b?c=d%20e");
  CHECK(full.encrypted());
  CHECK(full.host() == "hooks.example.org");
  CHECK(full.port() == 8443);
  CHECK(full.authority() == "hooks.example.org:8443");
  CHECK(full.target() == "/a/b?c=d%20e");
  const WebhookUrl bare = WebhookUrl::parse("http://hooks_1");
  CHECK_FALSE(bare.encrypted());
  CHECK(bare.port() == 80);
  CHECK(bare.target() == "/");
  CHECK(WebhookUrl::parse("https://h?x=1").target() == "/?x=1");
  const WebhookUrl six = WebhookUrl::parse("https://[2001:DB8::1]:444/");
  CHECK(six.host() == "2001:db8::1");
  CHECK(six.port() == 444);
  CHECK(six.authority() == "[2001:db8::1]:444");
  CHECK(WebhookUrl::parse("https://[::1]").port() == 443);
}

TEST_CASE("Webhook URL: whatever could be read in two ways is refused, and not repeated") {
  for (const char* url :
       {"", "https://", "https:///s3cret", "ftp://h/s3cret", "HTTPS://h/", "//h/s3cret", "https://user@h/s3cret",
        "https://user:pw@h/", "https://h@127.0.0.1/", "https://h/#s3cret", "https://h#@evil/", "https://h:/", "https://h:0/",
        "https://h:65536/", "https://h:80x/", "https://h:80:81/", "https://h/a b", "https://h/a\r\nHost: x", "https://h\\x/",
        "https://h%2e/", "https://h./", "https://.h/", "https://h..i/", "https://-h/", "https://[::1/", "https://::1/",
        "https://[]/", "https://[fe80::1%25lo]/", "https://h\tx/", "https://h/\x7f", "https://h/\xc3\xa4"}) {
    INFO(url);
    CHECK(refusal_of(url) != "");
  }
  CHECK(refusal_of(std::string("https://h\0x/", 12)) != "");
}

TEST_CASE("Webhook URL: as long as the limit says, and no byte longer") {
  const std::string start = "https://h/";
  CHECK(refusal_of(start + std::string(kMaxWebhookUrl - start.size(), 'a')) == "");
  CHECK(refusal_of(start + std::string(kMaxWebhookUrl - start.size() + 1, 'a')) != "");
  const std::string label(63, 'a');
  CHECK(refusal_of("https://" + label + "/") == "");
  CHECK(refusal_of("https://" + label + "a/") != "");
  CHECK(refusal_of("https://" + label + "." + label + "." + label + "." + std::string(61, 'a') + "/") == "");
  CHECK(refusal_of("https://" + label + "." + label + "." + label + "." + std::string(62, 'a') + "/") != "");
}

TEST_CASE("Event filter: takes types and families that there are, each once, and names the nearest to one that is none") {
  CHECK(EventFilter::parse({}).wanted().empty());
  CHECK(EventFilter::parse({"io.assay.version.published", "io.assay.stage.*", "io.assay.stage.*"}).wanted() ==
        std::vector<std::string>{"io.assay.stage.*", "io.assay.version.published"});
  for (const char* type : {"", "*", "io.assay.*", "stage.promoted", "io.assay.stage.promote", "io.assay.stage.prom*"})
    CHECK_THROWS_AS(EventFilter::parse({type}), Error);
  try {
    EventFilter::parse({"io.assay.stage.promote"});
    FAIL("it was taken");
  } catch (const Error& error) {
    CHECK_THAT(error.message(), Catch::Contains("did you mean \"io.assay.stage.promoted\""));
  }
}
