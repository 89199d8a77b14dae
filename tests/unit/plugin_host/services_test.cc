// SPDX-License-Identifier: Apache-2.0
// Services of the host: the same to a plugin in a worker and in this very process, known numbers, and scratch room that
// is more than memory, kept to its quota, and gone with its call.
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "assay/testing.hpp"
#include "registry/plugin_host/library.h"
#include "registry/plugin_host/scratch.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/plugin_host/support.h"

namespace assay::test {
namespace {

using Entries = std::map<std::string, std::string>;

constexpr std::uint64_t kPage = 64 << 10;

// Trains twice with one component and answers what the second call wrote.
Entries served(WorkerPlugins& host, std::uint64_t seed, const std::string& config = "{}") {
  const Opened plugin = choose(host, "served", "served", config);
  const auto trainer = host.trainer(plugin.info, "served", plugin.config);
  CallOptions options;
  options.seed = seed;
  Listener nobody;
  Entries out;
  for (int turn = 0; turn < 2; ++turn) {
    MemoryBundle model;
    trainer->fit(rows("y\n1\n", {{"label", "y"}}), nullptr, nullptr, model, options, nobody);
    for (const auto& [name, entry] : model.all()) out[name] = entry.bytes;
  }
  return out;
}

WorkerPlugins trusting() {
  const std::string library = read_text(test_plugin("served"));
  return WorkerPlugins({.worker = worker(),
                        .directories = {test_plugin("served").parent_path()},
                        .registry = {},
                        .trusted = {Digest::of(library)}});
}

std::vector<std::uint32_t> words(const std::string& bytes) {
  std::vector<std::uint32_t> out(bytes.size() / 4);
  std::memcpy(out.data(), bytes.data(), bytes.size());
  return out;
}

TEST_CASE("Services: the random numbers are those that are known of Philox4x32-10") {
  WorkerPlugins host = plugins();
  using Words = std::vector<std::uint32_t>;
  const auto block = [&](std::uint64_t seed, std::ptrdiff_t which) {
    const Words all = words(served(host, seed).at("known"));
    return Words(all.begin() + 4 * which, all.begin() + 4 * which + 4);
  };
  CHECK(block(0, 0) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(block(~0ull, 1) == Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(block(0x299f31d0a4093822, 2) == Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("Services: a worker, this process and a host without services give the same bits") {
  WorkerPlugins isolated = plugins(), here = trusting();
  const Entries in_worker = served(isolated, 7), in_process = served(here, 7);
  CHECK(in_process == in_worker);
  CHECK(in_worker.at("kept") == "gone\n");
  CHECK(in_worker.at("refused") == "12 12 0 12 0\n");
  CHECK(served(isolated, 8).at("drawn") != in_worker.at("drawn"));

  namespace fake = sdk::testing;
  for (const fake::FakeHost::GetService services : {&fake::fake_service, fake::FakeHost::GetService(nullptr)}) {
    const fake::FakeHost alone = fake::FakeHost::load(test_plugin("served").string(), services);
    fake::FakeBundle model = alone.component("served").fit(fake::FakeData().f64("y", {1.0}), 7);
    CHECK(*model.find("drawn") == in_worker.at("drawn"));
    const std::string sorted = *model.find("sorted");  // and then where
    CHECK(sorted.substr(0, sorted.find(" zeros")) == in_worker.at("sorted").substr(0, sorted.find(" zeros")));
    CHECK(sorted.ends_with(services == nullptr ? " zeros in memory\n" : " zeros on disk\n"));
  }
}

TEST_CASE("Services: scratch room holds more than a plugin may have of memory") {
  WorkerPlugins host = plugins({.memory_bytes = 64 << 20});
  const std::string sorted = served(host, 7, R"({"sorted":20000000})").at("sorted");  // 160 MB
  INFO(sorted);
  CHECK(contains(sorted, " from zeros on disk"));
}

TEST_CASE("Scratch: the quota is of what is held at a time, and a full disk is left alone") {
  const TempDir folder;
  Scratch scratch(folder.path(), 3 * kPage);
  const Scratch::Taken first = scratch.take(2 * kPage);
  CHECK(error_of([&] { scratch.take(kPage + 1); }).code() == Code::denied);
  CHECK(error_of([&] { scratch.take(0); }).code() == Code::denied);
  const Scratch::Taken second = scratch.take(1);
  CHECK(second.size == kPage);
  scratch.give_back(first.id);
  CHECK(error_of([&] { scratch.give_back(first.id); }).code() == Code::invalid_argument);
  scratch.take(2 * kPage);
  Scratch greedy(folder.path(), 1ull << 62);
  const Error full = error_of([&] { greedy.take(1ull << 61); });
  CHECK(full.code() == Code::full);
  CHECK(contains(full.message(), folder.path().string()));
  CHECK(std::filesystem::is_empty(folder.path()));  // nothing of it has a name
}

TEST_CASE("Scratch: many small pieces take no more than the quota, and few files of the host's") {
  const TempDir folder;
  Scratch narrow(folder.path(), 3 * kPage);
  for (int i = 0; i < 3; ++i) narrow.take(1);
  CHECK(error_of([&] { narrow.take(1); }).code() == Code::denied);
  Scratch wide(folder.path(), 1 << 30);
  for (int i = 0; i < 64; ++i) wide.take(1);
  const Error many = error_of([&] { wide.take(1); });
  CHECK(many.code() == Code::denied);
  CHECK(contains(many.message(), "64 pieces"));
  wide.give_back(1);
  wide.take(1);
}

TEST_CASE("Scratch: its room on disk goes with it, whoever still has the file") {
  const TempDir folder;
  UniqueFd kept;
  struct stat status {};
  {
    Scratch scratch(folder.path(), 1 << 20);
    kept = UniqueFd(::dup(scratch.take(1 << 20).fd));
    REQUIRE(::fstat(kept.get(), &status) == 0);
    CHECK(status.st_size == 1 << 20);
    CHECK(status.st_blocks > 0);
  }
  REQUIRE(::fstat(kept.get(), &status) == 0);
  CHECK(status.st_size == 0);
  CHECK(status.st_blocks == 0);
}

}  // namespace
}  // namespace assay::test
