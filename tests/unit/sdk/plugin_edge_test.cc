// SPDX-License-Identifier: Apache-2.0
// The binary edge that plugin.hpp builds: statuses, struct sizes, ownership, hosts without optional
// callbacks.
#include <array>
#include <cstring>

#include "assay/testing.hpp"
#include "tests/support/catch.h"

namespace assay::test {

using namespace assay::sdk;
using namespace assay::sdk::testing;

namespace {

FakeHost edges() {
  return FakeHost(&assay_plugin_open_v1);
}

FakeData rows(const FakeData::Cells<double>& x) {
  return FakeData().f64("x", x);
}

// What fit fails with when the component throws `what`.
struct Failure {
  assay_status status;
  std::string message, details;
  int failures;
};
Failure failure(const std::string& what) {
  const FakeHost host = edges();
  const FakeComponent component = host.component("thrower", {{"throw", what}});
  FakeCall call;
  assay_status status = ASSAY_OK;
  try {
    component.fit(rows({1}), call);
  } catch (const Error& error) {
    status = error.status();
  }
  return {status, call.message, call.details, call.failures};
}

}  // namespace

TEST_CASE("Plugin edge: whatever a component throws becomes one status and one explanation") {
  const Failure error = failure("error");
  CHECK(error.status == ASSAY_E_INVALID_DATA);
  CHECK(error.message == "a \"bad\" label\n?");  // what is not UTF-8 does not get out
  CHECK(error.details == R"({"column":"l\"","row":7,"hint":"fix it"})");
  CHECK(error.failures == 1);
  CHECK(failure("memory").status == ASSAY_E_OUT_OF_MEMORY);
  CHECK(failure("standard").status == ASSAY_E_INTERNAL);
  CHECK(failure("standard").message == "unexpected: the library said no");
  CHECK(failure("number").status == ASSAY_E_INTERNAL);
  CHECK(failure("number").failures == 1);
  CHECK(failure("ok").status == ASSAY_E_INTERNAL);
  CHECK(failure("nothing").status == ASSAY_OK);
  CHECK(failure("nothing").failures == 0);
}

TEST_CASE("Plugin edge: a constructor that throws leaves the component untouched") {
  const FakeHost host = edges();
  FakeConfig config{Json(Json::Object{{"throw", "create"}})};
  FakeCall call;
  assay_component out{};
  out.struct_size = sizeof out;
  const assay_component before = out;
  CHECK(host.plugin.create(host.plugin.self, &call.raw, detail::str("thrower"), &config.raw, &out) ==
        ASSAY_E_INVALID_CONFIG);
  CHECK(std::memcmp(&out, &before, sizeof out) == 0);
  CHECK(call.details == R"({"json_pointer":"/throw"})");
}

TEST_CASE("Plugin edge: unknown components and capabilities are refused, odd ids included") {
  const FakeHost host = edges();
  FakeConfig config{Json(Json::Object{})};
  const auto create = [&](std::string_view id) {
    FakeCall call;
    assay_component out{};
    out.struct_size = sizeof out;
    return host.plugin.create(host.plugin.self, &call.raw, detail::str(id), &config.raw, &out);
  };
  const std::string huge(65536, 's');
  for (const std::string_view id :
       {std::string_view(""), std::string_view("scorer\0", 7), std::string_view("scorer "),
        std::string_view("nobody"), std::string_view(huge)})
    CHECK(create(id) == ASSAY_E_NOT_FOUND);
  const FakeComponent scorer = host.component("scorer");
  for (const char* id : {"", "assay.scorer/2", "assay.scorer/1 ", "assay.evaluator/1"})
    CHECK(scorer.raw.get_capability(scorer.raw.self, id) == nullptr);
  CHECK(scorer.raw.get_capability(scorer.raw.self, nullptr) == nullptr);
  CHECK(host.plugin.get_extension(host.plugin.self, "org.example.none/1") == nullptr);
}

TEST_CASE("Plugin edge: a smaller struct_size gets no byte past it, a larger one is told what was filled") {
  constexpr unsigned char canary = 0xA5;
  for (std::uint32_t size = 4; size <= 2 * sizeof(assay_plugin); ++size) {
    alignas(assay_plugin) std::array<unsigned char, 3 * sizeof(assay_plugin)> room;
    room.fill(canary);
    auto* plugin = reinterpret_cast<assay_plugin*>(room.data());
    plugin->struct_size = size;
    FakeCall call;
    REQUIRE(assay_plugin_open_v1(nullptr, &call.raw, plugin) == ASSAY_OK);
    const std::uint32_t filled = std::min<std::uint32_t>(size, sizeof(assay_plugin));
    CHECK(plugin->struct_size == filled);
    for (std::size_t i = filled; i < room.size(); ++i) REQUIRE(room[i] == canary);
  }
  const FakeHost host = edges();
  FakeConfig config{Json(Json::Object{})};
  for (std::uint32_t size = sizeof(assay_component); size <= 2 * sizeof(assay_component); ++size) {
    alignas(assay_component) std::array<unsigned char, 3 * sizeof(assay_component)> room;
    room.fill(canary);
    auto* component = reinterpret_cast<assay_component*>(room.data());
    component->struct_size = size;
    FakeCall call;
    REQUIRE(host.plugin.create(host.plugin.self, &call.raw, detail::str("scorer"), &config.raw, component) ==
            ASSAY_OK);
    CHECK(component->struct_size == sizeof(assay_component));
    for (std::size_t i = sizeof(assay_component); i < room.size(); ++i) REQUIRE(room[i] == canary);
    component->destroy(component->self);
  }
}

TEST_CASE("Plugin edge: no room, no call and no arguments are INVALID_ARGUMENT") {
  FakeCall call;
  assay_plugin none{};
  CHECK(assay_plugin_open_v1(nullptr, &call.raw, nullptr) == ASSAY_E_INVALID_ARGUMENT);
  CHECK(assay_plugin_open_v1(nullptr, &call.raw, &none) == ASSAY_E_INVALID_ARGUMENT);
  none.struct_size = sizeof none;
  CHECK(assay_plugin_open_v1(nullptr, nullptr, &none) == ASSAY_E_INVALID_ARGUMENT);
  const FakeHost host = edges();
  const FakeComponent component = host.component("scorer");
  const auto& trainer = component.capability<assay_trainer_v1>(ASSAY_CAP_TRAINER_V1);
  const auto& scorer = component.capability<assay_scorer_v1>(ASSAY_CAP_SCORER_V1);
  CHECK(trainer.fit(component.raw.self, &call.raw, nullptr, nullptr, nullptr, nullptr) ==
        ASSAY_E_INVALID_ARGUMENT);
  CHECK(scorer.load(component.raw.self, &call.raw, nullptr, nullptr) == ASSAY_E_INVALID_ARGUMENT);
  CHECK(scorer.bind(component.raw.self, &call.raw, nullptr, nullptr, nullptr) == ASSAY_E_INVALID_ARGUMENT);
  CHECK(scorer.score(component.raw.self, &call.raw, nullptr, nullptr, nullptr) == ASSAY_E_INVALID_ARGUMENT);
  scorer.unload(component.raw.self, nullptr);
}

TEST_CASE("Plugin edge: opened twice, each has its own close") {
  FakeHost first = edges();
  {
    const FakeHost second = edges();
    CHECK(second.manifest() == first.manifest());
  }
  CHECK_NOTHROW(first.component("scorer"));
}

TEST_CASE("Plugin edge: a host without optional callbacks is served") {
  const FakeHost host = edges();
  const FakeComponent component = host.component("scorer");
  FakeCall call;
  call.raw.metric = nullptr;
  CHECK(call.raw.log == nullptr);
  CHECK(call.raw.progress == nullptr);
  CHECK_NOTHROW(component.fit(rows({1}), call));
}

TEST_CASE("Config: values, ranges, choices and lists; what does not fit is INVALID_CONFIG with its pointer") {
  FakeConfig raw{Json(Json::Object{{"n", 3},
                                   {"x", 0.25},
                                   {"flag", true},
                                   {"name", "b"},
                                   {"list", std::vector<Json>{"p", "q"}},
                                   {"mixed", std::vector<Json>{"p", 1}}})};
  const Config config(&raw.raw);
  CHECK(config.i64("/n") == 3);
  CHECK(config.f64("/n") == 3.0);
  CHECK(config.boolean("/flag"));
  CHECK(config.choice("/name", {"a", "b"}) == 1);
  CHECK(config.texts("/list") == std::vector<std::string>{"p", "q"});
  CHECK(config.texts("/none").empty());
  CHECK(config.has("/x"));
  CHECK_FALSE(config.has("/y"));
  CHECK_THROWS_WITH(config.i64("/x"), "setting /x is of another type; it must be an integer");
  CHECK_THROWS_WITH(config.f64("/y"), "setting /y is missing; it must be a number");
  CHECK_THROWS_WITH(config.f64("/x", 0.5, 1), "setting /x is 0.25; it must be from 0.5 to 1");
  CHECK_THROWS_WITH(config.i64("/n", 4, 9), "setting /n is 3; it must be from 4 to 9");
  CHECK_THROWS_WITH(config.choice("/name", {"x", "y"}), "setting /name is 'b'; it must be one of x, y");
  CHECK_THROWS_WITH(config.texts("/mixed"), "setting /mixed/1 is of another type; it must be a string");
}

TEST_CASE("Plugin edge: validation rows and a warm start reach a trainer that asks for them") {
  const FakeHost host = edges();
  const FakeComponent component = host.component("scorer");
  FakeBundle start;
  start.entries = {{"a", "+warm"}};
  FakeCall call;
  const FakeData valid = rows({1});
  CHECK(component.fit(rows({1}), call, &valid, &start).entries[0].second == "valid+warm");
}

TEST_CASE("Plugin edge: a scorer answers its own columns, nulls included") {
  const FakeHost host = edges();
  const FakeComponent component = host.component("scorer");
  const auto& scorer = component.capability<assay_scorer_v1>(ASSAY_CAP_SCORER_V1);
  CHECK((scorer.flags & ASSAY_SCORER_CONCURRENT) != 0);
  FakeBundle bundle;
  bundle.entries = {{"a", "me"}};
  FakeStore store(bundle);
  FakeCall call;
  void* model = nullptr;
  REQUIRE(scorer.load(component.raw.self, &call.raw, &store.source, &model) == ASSAY_OK);

  const FakeData data = rows({0, 1, 2, 3});
  ArrowSchema schema{};
  ArrowArray early{}, batch{};
  data.table().export_schema(&schema);
  data.table().export_all(&early);
  Answer answer, unbound;
  CHECK(scorer.score(component.raw.self, &call.raw, model, &early, &unbound.raw_rows) ==
        ASSAY_E_INVALID_ARGUMENT);
  CHECK(early.release == nullptr);  // moved in, even when refused
  CHECK(unbound.raw_rows.release == nullptr);
  REQUIRE(scorer.bind(component.raw.self, &call.raw, model, &schema, &answer.raw_schema) == ASSAY_OK);
  CHECK(schema.release != nullptr);  // borrowed
  schema.release(&schema);
  answer.adopt();
  data.table().export_rows(1, 3, &batch);  // a slice: child offset 1
  REQUIRE(scorer.score(component.raw.self, &call.raw, model, &batch, &answer.raw_rows) == ASSAY_OK);
  CHECK(batch.release == nullptr);
  scorer.unload(component.raw.self, model);  // answers outlive the model
  CHECK(answer.rows().rows() == 3);
  CHECK(answer.rows().column("sum").number(2) == 4);
  CHECK(answer.rows().column("who").text(0) == "me");
}

TEST_CASE("Plugin edge: a scorer that fails or miscounts leaves the answer untouched") {
  const FakeHost host = edges();
  const FakeComponent component = host.component("scorer");
  FakeBundle bundle;
  bundle.entries = {{"a", "me"}};
  const auto status = [&](double x) {
    try {
      component.score(bundle, rows({1, x}));
    } catch (const Error& error) {
      return error.status();
    }
    return assay_status{ASSAY_OK};
  };
  CHECK(status(-1) == ASSAY_E_INVALID_DATA);
  CHECK(status(99) == ASSAY_E_INTERNAL);
  CHECK(status(2) == ASSAY_OK);
}

TEST_CASE("Plugin edge: answers can be taken apart and released elsewhere") {
  Table table({{"a", Type::f64}, {"b", Type::list_i64}});
  table.column(0).f64(1);
  table.column(1).list(std::vector<std::int64_t>{1, 2});
  ArrowArray parent{};
  table.export_all(&parent);
  ArrowArray child = *parent.children[1];
  parent.children[1]->release = nullptr;  // moved out, as the Arrow specification allows
  parent.release(&parent);
  CHECK(static_cast<const std::int64_t*>(child.children[0]->buffers[1])[1] == 2);
  child.release(&child);
  CHECK(child.release == nullptr);
}

}  // namespace assay::test
