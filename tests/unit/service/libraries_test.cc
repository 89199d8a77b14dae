// SPDX-License-Identifier: Apache-2.0
#include "registry/service/libraries.h"

#include <nlohmann/json.hpp>

#include "registry/service/record_run.h"
#include "tests/unit/service/registry.h"

using namespace assay;
using namespace assay::test;
using nlohmann::json;

namespace {

const Digest kLibrary = Digest::of("library");
const char* const kReason = R"({"reason":"scores NaN as 0"})";

std::string run_body(const Digest& library) {
  return json{{"kind", "train"},
              {"plugin", {{"name", "gbt"}, {"version", "1"}, {"digest", library.text()}, {"component", "gbt"}}},
              {"inputs", json::array()},
              {"config", json::object()},
              {"seed", 1},
              {"max_threads", 1}}
      .dump();
}

}  // namespace

TEST_CASE("Libraries: a revoked one starts no run until it is reinstated, and the reason is told") {
  Registry registry;
  start_run(registry.services, registry.ann, run_body(kLibrary));
  const json revoked = revoke_library(registry.services, registry.admin, kLibrary, kReason);
  CHECK(revoked.at("revoked").at("reason") == "scores NaN as 0");
  const auto start = [&] { start_run(registry.services, registry.ann, run_body(kLibrary)); };
  CHECK(code_of(start) == Code::denied);
  CHECK(message_of(start).find("scores NaN as 0") != std::string::npos);
  start_run(registry.services, registry.ann, run_body(Digest::of("another")));

  CHECK(reinstate_library(registry.services, registry.admin, kLibrary, kReason).at("revoked").is_null());
  start();
}

TEST_CASE("Libraries: only an admin of everything revokes, once, and with a reason") {
  Registry registry;
  const auto code = [&](const Principal& caller, const char* body) {
    return code_of([&] { revoke_library(registry.services, caller, kLibrary, body); });
  };
  CHECK(code(registry.ann, kReason) == Code::denied);
  CHECK(code(registry.admin, "{}") == Code::invalid_argument);
  CHECK(code(registry.admin, R"({"reason":""})") == Code::invalid_argument);
  CHECK(code_of([&] { reinstate_library(registry.services, registry.admin, kLibrary, kReason); }) ==
        Code::conflict);
  revoke_library(registry.services, registry.admin, kLibrary, kReason);
  CHECK(code(registry.admin, kReason) == Code::conflict);
}

TEST_CASE("Libraries: show what they are in, within what the caller may read") {
  Registry registry;
  registry.upload(registry.admin, "library");
  auto wish = Registry::request("acme/gbt", {{"gbt.so", "library"}});
  wish.kind = Kind::plugin;
  publish(registry.services, registry.admin, wish);
  const json seen = describe_library(registry.services, registry.admin, kLibrary);
  REQUIRE(seen.at("plugins").size() == 1);
  CHECK(seen.at("plugins")[0].at("reference") == "acme/gbt@1");
  Principal stranger = registry.ann;
  stranger.grants = {{Role::reader, Namespace::parse("elsewhere")}};
  CHECK(describe_library(registry.services, stranger, kLibrary).at("plugins").empty());
  CHECK(describe_library(registry.services, registry.admin, Digest::of("unknown")).at("made").empty());
}
