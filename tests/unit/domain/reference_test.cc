// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/reference.h"

#include "storage/base/error.h"
#include "tests/support/catch.h"

using namespace assay;

namespace {

const std::string kDigest = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

}  // namespace

TEST_CASE("Reference: without @ it is the newest version") {
  const Reference reference = Reference::parse("churn");
  CHECK(reference.selector == Selector());
  CHECK(reference.text() == "default/churn");
  CHECK(Reference::parse("churn@latest") == reference);
}

TEST_CASE("Reference: number, stage and digest") {
  const Reference number = Reference::parse("acme/churn@3");
  CHECK(std::get<VersionNumber>(number.selector.value()) == 3);
  CHECK(number.text() == "acme/churn@3");
  CHECK(Reference::parse("acme/churn@v3") == number);
  CHECK(std::get<StageName>(Reference::parse("churn@production").selector.value()).text() == "production");
  CHECK(std::get<Digest>(Reference::parse("churn@" + kDigest).selector.value()).text() == kDigest);
}

TEST_CASE("Reference: what it writes, it reads") {
  for (const char* text : {"default/churn", "acme/churn@12", "default/Churn@Production"})
    CHECK(Reference::parse(text).text() == text);
}

TEST_CASE("Reference: malformed ones are refused") {
  for (const std::string& text :
       {std::string("churn@"), std::string("@3"), std::string("churn@0"), std::string("churn@03"),
        std::string("churn@-1"), std::string("churn@3@4"), std::string("churn@main"),
        std::string("churn@sha256:12"), std::string("churn@99999999999999999999"), std::string("churn@../x"),
        "churn@" + kDigest + "0"})
    CHECK_THROWS_AS(Reference::parse(text), Error);
}

TEST_CASE("Reference: the largest number is taken and one past it is not") {
  CHECK(std::get<VersionNumber>(Selector::parse("9223372036854775807").value()) == 9223372036854775807);
  CHECK_THROWS_AS(Selector::parse("9223372036854775808"), Error);
}
