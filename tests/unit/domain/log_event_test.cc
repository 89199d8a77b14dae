// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/log_event.h"

#include <nlohmann/json.hpp>

#include "tests/support/catch.h"

using assay::LogEvent;

TEST_CASE("Log event: as text, plain words stand bare and the rest in quotes") {
  const auto event = LogEvent("http_request").with("status", 200).with("ms", 0.25).with("broken", true).with("peer", "::1")
                         .with("path", "/a \"b\"").with("route", "");
  CHECK(event.text() == R"(http_request status=200 ms=0.25 broken=true peer=::1 path="/a \"b\"" route="")");
}

TEST_CASE("Log event: nobody can begin a second line or a second field") {
  const std::string hostile = "x\" error=\"y\nhttp_request status=200";
  const auto event = LogEvent("e").with("path", hostile);
  CHECK(event.text() == R"(e path="x\" error=\"y http_request status=200")");
  const std::string members = event.json_members();
  CHECK(members.find('\n') == std::string::npos);
  const auto json = nlohmann::json::parse("{" + members + "}");
  CHECK(json == nlohmann::json{{"event", "e"}, {"path", hostile}});
}

TEST_CASE("Log event: as JSON, numbers are numbers, and what is not UTF-8 is repaired") {
  const auto event = LogEvent("e").with("n", std::uint64_t{1} << 40).with("ok", false).with("text", "a\xff");
  CHECK(nlohmann::json::parse("{" + event.json_members() + "}") ==
        nlohmann::json{{"event", "e"}, {"n", std::uint64_t{1} << 40}, {"ok", false}, {"text", "a\xef\xbf\xbd"}});
}
