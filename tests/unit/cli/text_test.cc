// SPDX-License-Identifier: Apache-2.0
// What the command line prints and reads: tables, numbers, hand-written documents.
#include <nlohmann/json.hpp>
#include <sstream>

#include "registry/cli/bench.h"
#include "registry/cli/naming.h"
#include "registry/cli/profile_table.h"
#include "registry/cli/table.h"
#include "registry/cli/yaml_file.h"
#include "tests/support/catch.h"

namespace assay::cli {
namespace {

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    CHECK(error.code() == Code::invalid_argument);
    return error.message();
  }
  FAIL("nothing was thrown");
  return "";
}

TEST_CASE("Table: columns line up, numbers to the right") {
  Table table({"name", "n"});
  table.add({"short", "7"});
  table.add({"much longer", "1200"});
  std::ostringstream out;
  table.print(out);
  CHECK(out.str() == "name            n\nshort           7\nmuch longer  1200\n");
}

TEST_CASE("Table: other people's names cannot drive the terminal") {
  Table table({"name"});
  table.add({"a\x1b[2Jb\n"});
  std::ostringstream out;
  table.print(out);
  CHECK(out.str() == "name\na?[2Jb?\n");
}

TEST_CASE("Table: what is not ASCII counts by characters") {
  Table table({"rule", "x"});
  table.add({"≥", "b"});
  table.add({"abcd", "b"});
  std::ostringstream out;
  table.print(out);
  CHECK(out.str() == "rule  x\n≥     b\nabcd  b\n");
}

TEST_CASE("Sizes, numbers and times read well") {
  CHECK(human_size(0) == "0 B");
  CHECK(human_size(999) == "999 B");
  CHECK(human_size(1000) == "1.0 kB");
  CHECK(human_size(999'999) == "1.0 MB");
  CHECK(human_size(18'446'744'073'709'551'615u) == "18.4 EB");
  CHECK(human_number(0.1) == "0.1");
  CHECK(human_number(std::optional<double>()) == "-");
  CHECK(human_time("2026-11-21T01:02:03.004Z") == "2026-11-21 01:02:03 UTC");
  CHECK(human_time("soon") == "soon");
}

TEST_CASE("References leave the standard namespace out") {
  CHECK(show_reference(Name::parse("churn"), 3) == "churn@3");
  CHECK(show_reference(Name::parse("acme/churn"), 3) == "acme/churn@3");
  CHECK(show_reference("default/churn@3") == "churn@3");
}

TEST_CASE("YAML: a policy reads as the JSON it means") {
  const auto json = parse_yaml(R"(
stage: production
from: staging
rules:
  - metric: {name: roc_auc, dataset: holdout@1, at_least: 0.80}
  - champion: {name: roc_auc, margin: -0.005, min_rows: 500}
  - artifact: {no_pickle: true, note: "0.5", empty: , tilde: ~}
)",
                               "policy.yaml");
  const auto expected = nlohmann::json::parse(R"({"stage":"production","from":"staging","rules":[
    {"metric":{"name":"roc_auc","dataset":"holdout@1","at_least":0.8}},
    {"champion":{"name":"roc_auc","margin":-0.005,"min_rows":500}},
    {"artifact":{"no_pickle":true,"note":"0.5","empty":null,"tilde":null}}]})");
  CHECK(json == expected);
}

TEST_CASE("YAML: JSON is taken as it is") {
  const std::string text = R"({"a":[1,-2,0.5,1e3,"1",true,null,{"b":"c"}]})";
  CHECK(parse_yaml(text, "x") == nlohmann::json::parse(text));
}

TEST_CASE("YAML: numbers that JSON does not know stay text") {
  for (const char* text : {".inf", "-inf", "nan", "0x10", "1_000", "12e", "--5", "1.2.3"}) {
    INFO(text);
    CHECK(parse_yaml(text, "x").is_string());
  }
}

TEST_CASE("YAML: refusals say where") {
  CHECK(message_of([] { parse_yaml("a: 1\na: 2\n", "p.yaml"); }).starts_with("p.yaml, line 2, column 1:"));
  CHECK(message_of([] { parse_yaml("a: [1, 2", "p.yaml"); }).starts_with("p.yaml, line "));
  CHECK(message_of([] { parse_yaml("a: &x [1]\nb: *x\n", "p.yaml"); }).find("anchors are not taken") !=
        std::string::npos);
  CHECK(message_of([] { parse_yaml("", "p.yaml"); }) == "p.yaml is empty");
  CHECK(message_of([] { parse_yaml("a: 1\n---\nb: 2\n", "p.yaml"); }) ==
        "p.yaml holds more than one document");
  CHECK(message_of([] { parse_yaml("[a]: 1\n", "p.yaml"); }).find("a key must be text") != std::string::npos);
}

TEST_CASE("YAML: nesting is bounded") {
  CHECK_NOTHROW(parse_yaml(std::string(32, '[') + std::string(32, ']'), "x"));
  CHECK(message_of([] { parse_yaml(std::string(33, '[') + std::string(33, ']'), "x"); }).find("nested") !=
        std::string::npos);
}

TEST_CASE("Settings: values take the type they look like") {
  CHECK(
      nlohmann::json::parse(
          settings_json({"max_depth=6", "eta=0.1", "fast=true", "name=a=b", "list=[1, 2]", "none="})) ==
      nlohmann::json::parse(R"({"max_depth":6,"eta":0.1,"fast":true,"name":"a=b","list":[1,2],"none":""})"));
  CHECK(message_of([] { settings_json({"max_depth"}); }) == "--set max_depth: write it as key=value");
  CHECK(message_of([] { settings_json({"a=1", "a=2"}); }) == "--set a is given twice");
}

TEST_CASE("Profile: a document that is not one prints nothing") {
  std::ostringstream out;
  for (const char* text : {"", "null", "[]", "{}", R"({"columns":7})", R"({"columns":[3]})"})
    print_profile(text, out);
  CHECK(out.str().find("rows") != std::string::npos);  // the last has columns, if strange ones
  CHECK(out.str().find("null ") == std::string::npos);  // "nulls" is a heading
}

}  // namespace
}  // namespace assay::cli
