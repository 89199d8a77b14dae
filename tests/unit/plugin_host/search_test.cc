// SPDX-License-Identifier: Apache-2.0
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/plugin_host/support.h"

namespace assay::test {
namespace {

namespace fs = std::filesystem;

WorkerPlugins searching(std::vector<fs::path> directories, PluginLookup registry = {}) {
  return WorkerPlugins(
      {.worker = worker(), .directories = std::move(directories), .registry = std::move(registry)});
}

TEST_CASE(
    "Search: a path, a file name and a descriptor's id all find the plugin, by the digest of its bytes") {
  const TempDir folder;
  fs::copy_file(test_plugin("probe"), folder / "other_name.so");
  WorkerPlugins host = searching({folder.path()});
  const Digest digest = Digest::of(read_text(test_plugin("probe")));
  for (const std::string& wanted : {(folder / "other_name.so").string(), std::string("other-name"),
                                    std::string("probe"), digest.text()}) {
    const PluginInfo info = host.find(wanted);
    CHECK(info.digest == digest);
    CHECK(info.name == "probe");
    CHECK(info.version == "1.2.3");
  }
}

TEST_CASE("Search: the registry goes before the installed directories") {
  const TempDir folder;
  fs::copy_file(test_plugin("rogue_throws"), folder / "probe.so");
  WorkerPlugins host =
      searching({folder.path()}, [](std::string_view wanted) -> std::optional<RegisteredPlugin> {
        if (wanted != "probe") return std::nullopt;
        return RegisteredPlugin{test_plugin("probe"), "default/probe@2"};
      });
  CHECK(host.find("probe").origin == "default/probe@2");
}

TEST_CASE("Search: the registry may not answer another library than the digest asked for") {
  WorkerPlugins host = searching({}, [](std::string_view) {
    return std::optional(RegisteredPlugin{test_plugin("probe"), "default/probe@2"});
  });
  CHECK(error_of([&] { host.find(Digest::of("something else").text()); }).code() == Code::corrupt);
}

TEST_CASE("Search: an unknown plugin names the nearest and where it looked") {
  const TempDir folder;
  fs::copy_file(test_plugin("probe"), folder / "probe.so");
  WorkerPlugins host = searching({folder.path()});
  const Error error = error_of([&] { host.find("prob"); });
  CHECK(error.code() == Code::not_found);
  CHECK(contains(error.message(), "did you mean \"probe\"?"));
  CHECK(contains(error.message(), folder.path().string()));
}

TEST_CASE("Search: listing leaves out what cannot be used; asking for it says why") {
  const TempDir folder;
  fs::copy_file(test_plugin("probe"), folder / "probe.so");
  fs::copy_file(test_plugin("probe_next_major"), folder / "next.so");
  write_text(folder / "text.so", "not a library");
  WorkerPlugins host = searching({folder.path(), folder / "no-such-folder"});
  REQUIRE(host.list().size() == 1);
  CHECK(contains(error_of([&] { host.find("text"); }).message(), "not a shared library"));
}

TEST_CASE("Search: another ABI major is refused before any of it is loaded") {
  WorkerPlugins host = searching({});
  const Error error = error_of([&] { host.find(test_plugin("probe_next_major").string()); });
  CHECK(error.code() == Code::unsupported);
  CHECK(contains(error.message(), "speaks major 2 of the plugin ABI and this assay speaks 1"));
}

TEST_CASE("Search: a plugin for a newer host says which") {
  WorkerPlugins host = searching({});
  const Error error = error_of([&] { host.find(test_plugin("probe_next_minor").string()); });
  CHECK(error.code() == Code::unsupported);
  CHECK(contains(error.message(), "needs host >= 1.4, this is 1.0"));
}

TEST_CASE("Search: a missing component or capability says what there is") {
  WorkerPlugins host = searching({});
  const PluginInfo probe = host.find(test_plugin("probe").string());
  CHECK(choose_component(probe, "", kTrainer).id == "learner");
  CHECK(contains(error_of([&] { choose_component(probe, "counterr", kEvaluator); }).message(),
                 "did you mean \"counter\"?"));
  CHECK(contains(error_of([&] { choose_component(probe, "", "assay.other/1"); }).message(),
                 "learner (assay.trainer/1, assay.scorer/1)"));
}

TEST_CASE("Search: what was hashed is what runs, even if the file changes meanwhile") {
  const TempDir folder;
  const fs::path file = folder / "probe.so";
  fs::copy_file(test_plugin("probe"), file);
  WorkerPlugins host = searching({});
  const PluginInfo info = host.find(file.string());
  const Config config = host.complete_config(info, "learner", "{}");
  fs::remove(file);
  fs::copy_file(test_plugin("rogue_throws"), file);
  MemoryBundle model;
  Listener nobody;
  host.trainer(info, "learner", config)
      ->fit(rows("a,y\n1,0\n", {{"label", "y"}}), nullptr, nullptr, model, {}, nobody);
  CHECK(model.all().contains("weights"));
}

TEST_CASE("Search: a missing worker says which file") {
  WorkerPlugins host({.worker = "/no/such/assay-worker", .directories = {}, .registry = {}});
  const PluginInfo info = host.find(test_plugin("probe").string());
  const Error error =
      error_of([&] { host.trainer(info, "learner", host.complete_config(info, "learner", "{}")); });
  CHECK(error.code() == Code::unavailable);
  CHECK(contains(error.message(), "/no/such/assay-worker"));
}

TEST_CASE("Search: the folders beside an executable, after those given") {
  const PluginHostOptions options = plugin_host_beside("/opt/assay/bin/assay", "/a::/b");
  CHECK(options.worker == "/opt/assay/libexec/assay/assay-worker");
  CHECK(options.directories == std::vector<fs::path>{"/a", "/b", "/opt/assay/lib/assay/plugins"});
}

}  // namespace
}  // namespace assay::test
