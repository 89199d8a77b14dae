// SPDX-License-Identifier: Apache-2.0
// Stored models that were cut, altered or swapped: always CORRUPT_ARTIFACT, never a crash, never an answer.
#include "tests/support/catch.h"
#include "tests/unit/plugins_train/trainers.h"

namespace assay::test {

using namespace assay::sdk;
using namespace assay::sdk::testing;

namespace {

struct Case {
  Case(const std::string& trainer_name, const FakeData& train)
      : name(trainer_name),
        host(trainer_host(name)),
        component(host.component(name, quick(name))),
        model(component.fit(train)) {}
  std::string name;
  FakeHost host;
  FakeComponent component;
  FakeBundle model;
};

}  // namespace

TEST_CASE("Hostile models: a change of any byte, a cut, an addition or a swap is CORRUPT_ARTIFACT") {
  const std::uint64_t seed = 20240611;
  INFO("seed " << seed);
  const FakeData train = make_data(120, 1), one = make_data(1, 2);
  std::mt19937_64 random(seed);
  for (const std::string& name : trainers) {
    Case it(name, train);
    for (int i = 0; i < 250; ++i) {
      FakeBundle broken = it.model;
      auto& [entry, bytes] = broken.entries[random() % broken.entries.size()];
      const std::size_t at = random() % bytes.size();
      const int kind = i % 4;
      if (kind == 0) bytes[at] = static_cast<char>(bytes[at] ^ (1 << (random() % 8)));
      if (kind == 1) bytes.resize(at);
      if (kind == 2) bytes.insert(at, 1 + random() % 9, static_cast<char>(random()));
      if (kind == 3) bytes.replace(at, 8, std::string(8, '\xff'));
      if (broken == it.model) continue;
      INFO(name << " mutation " << i << " of " << entry << " at " << at);
      CHECK(status_of([&] { it.component.score(broken, one); }) == ASSAY_E_CORRUPT_ARTIFACT);
    }
  }
}

TEST_CASE("Hostile models: a missing entry and another plugin's model are CORRUPT_ARTIFACT") {
  const FakeData train = make_data(120, 1), one = make_data(1, 2);
  std::vector<Case> cases;
  for (const std::string& name : trainers) cases.emplace_back(name, train);
  for (Case& mine : cases) {
    for (std::size_t i = 0; i < mine.model.entries.size(); ++i) {
      FakeBundle broken = mine.model;
      broken.entries.erase(broken.entries.begin() + static_cast<std::ptrdiff_t>(i));
      CHECK(status_of([&] { mine.component.score(broken, one); }) == ASSAY_E_CORRUPT_ARTIFACT);
    }
    for (const Case& other : cases) {
      if (other.name == mine.name) continue;
      FakeBundle foreign = mine.model;
      for (auto& [name, bytes] : foreign.entries) bytes = other.model.entries[0].second;
      CHECK(status_of([&] { mine.component.score(foreign, one); }) == ASSAY_E_CORRUPT_ARTIFACT);
    }
  }
}

// Whoever forges a model can forge its checksum, so the parser behind it must stand on its own.
TEST_CASE("Hostile models: a forged checksum still meets a parser that cannot be crashed") {
  const std::uint64_t seed = 7;
  INFO("seed " << seed);
  const FakeData train = make_data(120, 1), one = make_data(1, 2);
  Case it("linear", train);
  std::mt19937_64 random(seed);
  const std::string sealed = it.model.entries[0].second;
  const std::string payload(unseal("assay-linear/1", sealed));
  for (int i = 0; i < 600; ++i) {
    std::string bytes = payload;
    for (std::uint64_t edits = 1 + random() % 3; edits > 0; --edits)
      bytes[random() % bytes.size()] = static_cast<char>(i % 3 == 0 ? 0xff : random());
    if (i % 5 == 0) bytes.resize(random() % bytes.size());
    FakeBundle forged = it.model;
    forged.entries[0].second = seal("assay-linear/1", bytes);
    const assay_status status = status_of([&] { it.component.score(forged, one); });
    INFO("mutation " << i);
    CHECK((status == ASSAY_OK || status == ASSAY_E_CORRUPT_ARTIFACT || status == ASSAY_E_INVALID_DATA));
  }
}

}  // namespace assay::test
