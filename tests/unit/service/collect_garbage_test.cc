// SPDX-License-Identifier: Apache-2.0
#include "registry/service/collect_garbage.h"

#include <nlohmann/json.hpp>

#include "registry/catalog/request_keys.h"
#include "registry/catalog/uploads.h"
#include "registry/service/audit_trail.h"
#include "registry/service/delete_version.h"
#include "registry/service/fetch.h"
#include "registry/service/request_key.h"
#include "tests/unit/service/registry.h"

using namespace assay;
using namespace assay::test;

namespace {

GarbageReport collect(Registry& registry, bool dry_run = false) {
  return collect_garbage(registry.services, registry.admin, {.dry_run = dry_run});
}

void drop(Registry& registry, const std::string& name, VersionNumber number) {
  delete_version(registry.services, registry.admin, Kind::model, Name::parse(name), Selector(number));
}

bool stored(Registry& registry, const std::string& bytes) {
  return registry.blobs.stat(Digest::of(bytes)).has_value();
}

}  // namespace

TEST_CASE("Garbage: files and config of live versions stay, those of deleted ones go after the grace time") {
  Registry registry;
  registry.push(registry.ann, "acme/churn", "one");
  registry.push(registry.ann, "acme/churn", "two");
  drop(registry, "acme/churn", 1);
  registry.clock.time += kUploadGrace + std::chrono::hours(1);
  const GarbageReport report = collect(registry);
  CHECK_FALSE(stored(registry, "one"));
  CHECK(stored(registry, "two"));
  CHECK(report.store.live_blobs == 2);  // a file and a config
  CHECK(report.store.dead_blobs == 2);
  CHECK(report.store.largest_dead.size() == 2);
  CHECK(report.uploads_forgotten == 1);
  CHECK(open_blob(registry.services, registry.ann, Digest::of("two"), {})->size() == 3);
}

TEST_CASE("Garbage: an upload without a version stays for its grace time and no longer") {
  Registry registry;
  registry.upload(registry.ann, "pending");
  registry.clock.time += kUploadGrace;
  CHECK(collect(registry).store.dead_blobs == 0);
  registry.clock.time += std::chrono::milliseconds(1);
  CHECK(collect(registry).store.dead_blobs == 1);
  CHECK_FALSE(stored(registry, "pending"));
}

TEST_CASE("Garbage: uploading the same bytes again begins a new grace time") {
  Registry registry;
  registry.upload(registry.ann, "pending");
  registry.clock.time += kUploadGrace;
  registry.upload(registry.ann, "pending");
  registry.clock.time += kUploadGrace;
  CHECK(collect(registry).store.dead_blobs == 0);
  CHECK(stored(registry, "pending"));
}

TEST_CASE("Garbage: the key of a request goes after a day, unless it is only asked what would go") {
  Registry registry;
  registry.upload(registry.ann, "one");
  RequestKey key = parse_request_key("once", "publish", "", {});
  publish(registry.services, registry.ann, Registry::request("acme/churn", {{"w.bin", "one"}}), &key);
  const auto kept = [&] {
    return registry.services.database.read([&](Snapshot& snapshot) {
      return find_request_key(snapshot, registry.ann.id, "once", kNow).has_value();
    });
  };
  registry.clock.time += kRequestKeyLife;
  collect(registry);
  CHECK(kept());
  registry.clock.time += std::chrono::milliseconds(1);
  collect(registry, true);
  CHECK(kept());
  collect(registry);
  CHECK_FALSE(kept());
}

TEST_CASE("Garbage: a dry run reports the same and changes nothing") {
  Registry registry;
  registry.upload(registry.ann, "pending");
  registry.clock.time += 2 * kUploadGrace;
  const auto audits = audit_trail(registry.services, registry.admin, {std::nullopt, 100}).items.size();
  const GarbageReport dry = collect(registry, true);
  CHECK(dry.store.dead_blobs == 1);
  CHECK(dry.store.largest_dead == std::vector<Digest>{Digest::of("pending")});
  CHECK(stored(registry, "pending"));
  CHECK(registry.services.database.read(
      [&](Snapshot& snapshot) { return was_uploaded_by(snapshot, registry.ann.id, Digest::of("pending")); }));
  CHECK(audit_trail(registry.services, registry.admin, {std::nullopt, 100}).items.size() == audits);
  const GarbageReport real = collect(registry);
  CHECK(real.store.dead_bytes == dry.store.dead_bytes);
  CHECK_FALSE(registry.services.database.read(
      [&](Snapshot& snapshot) { return was_uploaded_by(snapshot, registry.ann.id, Digest::of("pending")); }));
}

TEST_CASE("Garbage: the ledger keeps whoever uploaded what a live version has") {
  Registry registry;
  registry.push(registry.ann, "acme/churn", "one");
  registry.clock.time += 2 * kUploadGrace;
  CHECK(collect(registry).uploads_forgotten == 0);
  CHECK(registry.services.database.read(
      [&](Snapshot& snapshot) { return was_uploaded_by(snapshot, registry.ann.id, Digest::of("one")); }));
}

TEST_CASE("Garbage: what is uploaded while it runs keeps its place in the ledger") {
  Registry registry;
  registry.upload(registry.ann, "old");
  registry.clock.time += 2 * kUploadGrace;
  registry.maintenance.before_sweep = [&] {
    registry.services.database.write([&](Transaction& transaction) {
      record_upload(transaction, {registry.ann.id, Digest::of("late"), 4, registry.clock.now()});
    });
  };
  CHECK(collect(registry).uploads_forgotten == 1);
  CHECK(registry.services.database.read(
      [&](Snapshot& snapshot) { return was_uploaded_by(snapshot, registry.ann.id, Digest::of("late")); }));
}

TEST_CASE("Garbage: sizes and who started it are in the audit trail") {
  Registry registry;
  registry.upload(registry.ann, "pending");
  registry.clock.time += 2 * kUploadGrace;
  collect(registry);
  const auto trail = audit_trail(registry.services, registry.admin, {std::nullopt, 1});
  CHECK(trail.items.at(0).action == "collect_garbage");
  CHECK(trail.items.at(0).actor == "admin");
  CHECK(nlohmann::json::parse(trail.items.at(0).details)["freed_bytes"] == 7);
}

TEST_CASE("Garbage: one that is stopped while it marks frees nothing") {
  Registry registry;
  for (int i = 0; i < 1200; ++i) registry.upload(registry.ann, std::to_string(i));
  CHECK(code_of([&] { collect_garbage(registry.services, registry.admin, {.stop = [] { return true; }}); }) ==
        Code::cancelled);
  CHECK(registry.blobs.totals().blobs == 1200);
}

TEST_CASE("Garbage: only an admin of everything may collect it") {
  Registry registry;
  for (const Principal& other : {registry.ann, registry.caller("keeper", Role::admin, "acme"),
                                 registry.caller("p", Role::promoter, "")})
    CHECK(code_of([&] { collect_garbage(registry.services, other, {}); }) == Code::denied);
  registry.services.maintenance = nullptr;
  CHECK(code_of([&] { collect(registry); }) == Code::unavailable);
}

TEST_CASE("Garbage: more roots than one piece of reading holds are all kept") {
  Registry registry;
  registry.services.database.write([&](Transaction& transaction) {
    for (int i = 0; i < 25'000; ++i)
      record_upload(transaction, {registry.ann.id, Digest::of(std::to_string(i)), 1, kNow});
  });
  CHECK(collect(registry).kept == 25'000);
}
