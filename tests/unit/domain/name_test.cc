// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/name.h"

#include "storage/base/error.h"
#include "tests/support/catch.h"

using namespace assay;

namespace {

bool refused(const std::string& text) {
  try {
    Name::parse(text);
    return false;
  } catch (const Error& error) {
    return error.code() == Code::invalid_argument;
  }
}

}  // namespace

TEST_CASE("Name: a bare name is in the default namespace") {
  const Name name = Name::parse("churn");
  CHECK(name.namespace_() == "default");
  CHECK(name.name() == "churn");
  CHECK(name.text() == "default/churn");
  CHECK(Name::parse("acme/churn").namespace_() == "acme");
}

TEST_CASE("Name: the spelling is kept and the case ignored") {
  CHECK(Name::parse("Llama-3").name() == "Llama-3");
  CHECK(Name::parse("ChurnModel") == Name::parse("churnmodel"));
  CHECK(Name::parse("ACME/churn") == Name::parse("acme/Churn"));
  CHECK_FALSE(Name::parse("acme/churn") == Name::parse("churn"));
  CHECK(Name::parse("ChurnModel").key() == "churnmodel");
}

TEST_CASE("Name: 96 characters are taken and 97 are not") {
  CHECK(Name::parse(std::string(96, 'a')).name().size() == 96);
  CHECK(refused(std::string(97, 'a')));
  CHECK(Name::parse(std::string(96, 'n').append("/").append(96, 'a')).text().size() == 193);
  CHECK(refused(std::string(97, 'n').append("/a")));
}

TEST_CASE("Name: separators stand alone and inside") {
  CHECK(Name::parse("a.b_c-d").name() == "a.b_c-d");
  for (const char* text :
       {"", ".a", "a.", "-a", "a_", "a..b", "a--b", "a._b", "..", ".", "a/..", "../a", "a/../b"})
    CHECK(refused(text));
}

TEST_CASE("Name: nothing but letters, digits and separators") {
  for (const char* text :
       {"a b", "a\tb", "a\nb", "a@b", "a:b", "a%2fb", "a\\b", "é", "a\xff", "\u202e", "a/b/c", "/a", "a/"})
    CHECK(refused(text));
  CHECK(refused(std::string("a\0b", 3)));
}

TEST_CASE("Name: words of the HTTP API are neither namespaces nor names of the default one") {
  for (const char* word :
       {"api", "v2", "health", "metrics", "datasets", "models", "API", "Static-Files", "openapi.yaml"}) {
    CHECK(refused(std::string(word) + "/churn"));
    CHECK(refused(word));
    CHECK(refused(std::string("default/") + word));
  }
  CHECK(Name::parse("acme/metrics").name() == "metrics");
  CHECK(refused("acme/churn.git"));
}

TEST_CASE("Name: the message says what is wrong and shows no control characters") {
  CHECK_THROWS_WITH(Name::parse("a\x1b[31m"),
                    Catch::Contains("\"a?[31m\" cannot name a model, dataset or plugin"));
}

TEST_CASE("StageName: words that clients read as versions are refused") {
  CHECK(StageName::parse("production").text() == "production");
  CHECK(StageName::parse("Production") == StageName::parse("production"));
  CHECK(StageName::parse("v1-canary").text() == "v1-canary");
  for (const char* text : {"latest", "LATEST", "main", "v3", "V3", "3", "a/b", ""})
    CHECK_THROWS_AS(StageName::parse(text), Error);
}
