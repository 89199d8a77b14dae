// SPDX-License-Identifier: Apache-2.0
#include "registry/service/scrub_blobs.h"

#include <nlohmann/json.hpp>

#include "registry/service/audit_trail.h"
#include "tests/unit/service/registry.h"

using namespace assay;
using namespace assay::test;

namespace {

ScrubResult scrub(Registry& registry, bool go_on = false, std::function<bool()> stop = {}) {
  return scrub_blobs(registry.services, registry.admin, {.go_on = go_on, .stop = std::move(stop)});
}

// Stops after so many records.
auto after(int records) {
  return [left = records]() mutable { return --left <= 0; };
}

}  // namespace

TEST_CASE("Scrub: a sound store has no problems") {
  Registry registry;
  registry.push(registry.ann, "acme/churn", "weights");
  const ScrubResult result = scrub(registry);
  CHECK(result.complete);
  CHECK(result.records == 2);
  CHECK(result.problems_found == 0);
}

TEST_CASE("Scrub: a damaged blob is named with the versions that need it, and audited") {
  Registry registry;
  registry.push(registry.ann, "acme/churn", "weights");
  registry.push(registry.ann, "acme/other", "weights");
  registry.blobs.damage(Digest::of("weights"));
  const ScrubResult result = scrub(registry);
  CHECK(result.complete);
  REQUIRE(result.damaged.size() == 1);
  CHECK(result.damaged[0].digest == Digest::of("weights"));
  CHECK(result.damaged[0].needed_by ==
        std::vector<std::string>{"model acme/churn@1 (w.bin)", "model acme/other@1 (w.bin)"});
  const auto entry = audit_trail(registry.services, registry.admin, {std::nullopt, 1}).items.at(0);
  CHECK(entry.action == "scrub");
  CHECK(nlohmann::json::parse(entry.details)["damaged_blobs"] == 1);
}

TEST_CASE("Scrub: stopped, it goes on where it was and still knows what it had found") {
  Registry registry;
  for (const char* bytes : {"a", "b", "c", "d"}) registry.upload(registry.ann, bytes);
  std::vector<Digest> all;
  registry.blobs.for_each([&](const Digest& digest) { all.push_back(digest); });
  registry.blobs.damage(all[0]);
  registry.blobs.damage(all[3]);
  const ScrubResult part = scrub(registry, false, after(2));
  CHECK_FALSE(part.complete);
  CHECK(part.records < 4);
  CHECK(part.damaged.size() == 1);
  const ScrubResult rest = scrub(registry, true);
  CHECK(rest.complete);
  CHECK(rest.records == 4);
  CHECK(rest.problems_found == 2);
  CHECK(rest.damaged.size() == 2);
}

TEST_CASE("Scrub: --continue after one that reached the end, or none, begins at the start") {
  Registry registry;
  registry.upload(registry.ann, "a");
  CHECK(scrub(registry, true).records == 1);
  CHECK(scrub(registry, true).records == 1);
}

TEST_CASE("Scrub: without --continue it begins anew and forgets where it stood") {
  Registry registry;
  for (const char* bytes : {"a", "b", "c"}) registry.upload(registry.ann, bytes);
  scrub(registry, false, after(1));
  CHECK(scrub(registry).records == 3);
  CHECK(scrub(registry, true).records == 3);
}

TEST_CASE("Scrub: only an admin of everything may ask for it") {
  Registry registry;
  for (const Principal& other : {registry.ann, registry.caller("keeper", Role::admin, "acme")})
    CHECK(code_of([&] { scrub_blobs(registry.services, other, {}); }) == Code::denied);
}
