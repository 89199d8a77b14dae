// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/config_schema.h"
#include "tests/support/catch.h"
#include "tests/unit/plugin_host/support.h"

namespace assay::test {
namespace {

const std::string kSchema = R"({"type":"object","properties":{
  "max_depth":{"type":"integer","minimum":1,"maximum":12,"default":6},
  "rate":{"type":"number","exclusiveMinimum":0,"maximum":1,"default":0.1},
  "loss":{"type":"string","enum":["log","hinge"],"default":"log"},
  "columns":{"type":"array","items":{"type":"string"}},
  "early":{"type":"object","properties":{"rounds":{"type":"integer","default":10}},"default":{}},
  "free":{"type":"object","additionalProperties":true}}})";

std::string completed(std::string_view config) {
  return complete_config(kSchema, config, "gbt").canonical;
}
std::string refused(std::string_view config) {
  return error_of([&] { complete_config(kSchema, config, "gbt"); }).message();
}

TEST_CASE("Settings: defaults are filled in, nested ones too, and the result is canonical") {
  CHECK(completed("{}") == R"({"early":{"rounds":10},"loss":"log","max_depth":6,"rate":0.1})");
  CHECK(completed(R"({"rate":1,"early":{"rounds":3}})") ==
        R"({"early":{"rounds":3},"loss":"log","max_depth":6,"rate":1})");
  CHECK(complete_config(kSchema, "{}", "gbt").digest == Digest::of(completed("{}")));
}

TEST_CASE("Settings: completing twice changes nothing") {
  CHECK(completed(completed(R"({"max_depth":3,"columns":["a"]})")) ==
        completed(R"({"columns":["a"],"max_depth":3})"));
}

TEST_CASE("Settings: an unknown key names the nearest known one") {
  CHECK(contains(refused(R"({"max_dept":3})"), R"(gbt has no setting /max_dept; did you mean "max_depth"?)"));
  CHECK(contains(refused(R"({"early":{"round":3}})"), "/early/round"));
  CHECK(completed(R"({"free":{"anything":[1]}})") ==
        R"({"early":{"rounds":10},"free":{"anything":[1]},"loss":"log","max_depth":6,"rate":0.1})");
}

TEST_CASE("Settings: a refused value comes with its pointer and what is allowed") {
  CHECK(refused(R"({"max_depth":99})") == "gbt: setting /max_depth is 99; it takes integer, >= 1, <= 12");
  CHECK(refused(R"({"max_depth":"six"})") ==
        R"(gbt: setting /max_depth is "six"; it takes integer, >= 1, <= 12)");
  CHECK(refused(R"({"rate":0})") == "gbt: setting /rate is 0; it takes number, > 0, <= 1");
  CHECK(refused(R"({"loss":"l2"})") == R"(gbt: setting /loss is "l2"; it takes one of "log", "hinge")");
  CHECK(refused(R"({"columns":["a",1]})") == "gbt: setting /columns/1 is 1; it takes string");
  CHECK(refused(R"({"early":{"rounds":null}})") == "gbt: setting /early/rounds is null; it takes integer");
}

TEST_CASE("Settings: what is not an object is refused") {
  CHECK(contains(refused("[]"), "not a JSON object"));
  CHECK(contains(refused("{"), "the settings of gbt"));
}

TEST_CASE("Settings: a schema that is no schema is the plugin's fault") {
  CHECK(error_of([] { complete_config(R"({"type":"nonsense"})", "{}", "gbt"); }).code() == Code::unsupported);
}

}  // namespace
}  // namespace assay::test
