// SPDX-License-Identifier: Apache-2.0
#include "registry/service/quota.h"

#include <nlohmann/json.hpp>

#include "registry/service/collect_garbage.h"
#include "registry/service/delete_version.h"
#include "registry/service/fetch.h"
#include "registry/service/promote.h"
#include "tests/unit/service/registry.h"

using namespace assay;
using namespace assay::test;

namespace {

const Namespace kAcme = Namespace::parse("acme");

Quota quota_of(Registry& registry, const Namespace& space) {
  return registry.services.database.read([&](Snapshot& snapshot) { return find_quota(snapshot, space); });
}

}  // namespace

TEST_CASE("Quota: a version at the limit is published, one byte more is refused with the figures") {
  Registry registry;
  set_quota(registry.services, registry.admin, kAcme, 8);
  registry.push(registry.ann, "acme/churn", "12345678");
  CHECK(quota_of(registry, kAcme).used == 8);
  registry.upload(registry.admin, "9");
  const auto publish_more = [&] {
    publish(registry.services, registry.admin, Registry::request("acme/churn", {{"w.bin", "9"}}));
  };
  CHECK(code_of(publish_more) == Code::full);
  CHECK(message_of(publish_more).find("holds 8 B of 8 B") != std::string::npos);
  CHECK(quota_of(registry, kAcme).versions == 1);
}

TEST_CASE("Quota: it is the size of the files that counts, however often they are stored") {
  Registry registry;
  set_quota(registry.services, registry.admin, kAcme, 10);
  registry.push(registry.ann, "acme/churn", "12345678");
  // The same bytes in another artifact take no more room, and count all the same: what others have stored
  // shows in nobody's figures.
  CHECK(code_of([&] { registry.push(registry.ann, "acme/other", "12345678"); }) == Code::full);
  CHECK(quota_of(registry, kAcme).used == 8);
}

TEST_CASE("Quota: deleting a version makes room") {
  Registry registry;
  set_quota(registry.services, registry.admin, kAcme, 8);
  registry.push(registry.ann, "acme/churn", "12345678");
  delete_version(registry.services, registry.admin, Kind::model, Name::parse("acme/churn"), Selector(1));
  CHECK(quota_of(registry, kAcme).used == 0);
  registry.push(registry.ann, "acme/churn", "abcdefgh");
}

TEST_CASE("Quota: an upload that fits in none of the caller's namespaces is refused before its first byte") {
  Registry registry;
  set_quota(registry.services, registry.admin, kAcme, 100);
  CHECK(code_of([&] { Upload(registry.services, registry.ann, {.size = 101}); }) == Code::full);
  Upload(registry.services, registry.ann, {.size = 100});
  Upload(registry.services, registry.admin, {.size = 1'000'000});
  Principal both = registry.ann;
  both.grants.push_back({Role::writer, Namespace::parse("other")});
  Upload(registry.services, both, {.size = 101});
}

TEST_CASE("Quota: a push of what is the newest version already needs no room") {
  Registry registry;
  registry.push(registry.ann, "acme/churn", "12345678");
  set_quota(registry.services, registry.admin, kAcme, 0);
  auto wish = Registry::request("acme/churn", {{"w.bin", "12345678"}});
  wish.if_changed = true;
  CHECK_FALSE(publish(registry.services, registry.ann, wish).created);
  CHECK(quota_of(registry, kAcme).used == 8);
}

TEST_CASE("Quota: an admin of one namespace does not set its limit, and sees no other's") {
  Registry registry;
  registry.push(registry.ann, "acme/churn", "one");
  registry.push(registry.eve, "rival/churn", "two");
  const Principal keeper = registry.caller("keeper", Role::admin, "acme");
  CHECK(code_of([&] { set_quota(registry.services, keeper, kAcme, 1); }) == Code::denied);
  const auto seen = list_quotas(registry.services, keeper);
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].space == kAcme);
  CHECK(list_quotas(registry.services, registry.admin).size() == 2);
}

TEST_CASE("Quota: a limit can be set before the namespace exists, changed and taken away") {
  Registry registry;
  const Namespace later = Namespace::parse("Later");
  CHECK(set_quota(registry.services, registry.admin, later, 5).limit == 5u);
  CHECK(set_quota(registry.services, registry.admin, later, 6).limit == 6u);
  const auto all = list_quotas(registry.services, registry.admin);
  REQUIRE(all.size() == 1);
  CHECK(all[0].space.text() == "Later");
  CHECK_FALSE(set_quota(registry.services, registry.admin, later, std::nullopt).limit);
  CHECK(list_quotas(registry.services, registry.admin).empty());
}

TEST_CASE("Quota: a request is a number or null, and nothing else") {
  CHECK(parse_quota_request(R"({"limit_bytes": 10})") == 10u);
  CHECK(parse_quota_request(R"({"limit_bytes": null})") == std::nullopt);
  for (const char* bad :
       {"{}", R"({"limit_bytes": -1})", R"({"limit_bytes": 1.5})", R"({"limit_bytes": "1"})",
        R"({"limit_bytes": 9007199254740992})", R"({"limit_bytes": 1, "x": 1})"})
    CHECK(code_of([&] { parse_quota_request(bad); }) == Code::invalid_argument);
}

TEST_CASE("Disk: uploads end at the reserve while reads, promotions and collections go on") {
  Registry registry;
  const Version version = registry.push(registry.ann, "acme/churn", "weights").version;
  registry.disk.space.available = disk_reserve(registry.disk.space.total) - 1;
  const auto upload_more = [&] { registry.upload(registry.ann, "more"); };
  CHECK(code_of(upload_more) == Code::full);
  CHECK(message_of(upload_more).find("are kept free") != std::string::npos);
  CHECK(open_blob(registry.services, registry.ann, Digest::of("weights"), {})->size() == 7);
  promote(registry.services, registry.admin,
          {.model = version.name,
           .stage = StageName::parse("production"),
           .version = Selector(1),
           .dry_run = false,
           .expected_revision = {}});
  collect_garbage(registry.services, registry.admin, {});
  registry.disk.space.available = disk_reserve(registry.disk.space.total);
  registry.upload(registry.ann, "");
  registry.disk.space.available += 4;
  upload_more();
}

TEST_CASE("Disk: an upload of unknown size ends when it comes to the reserve") {
  Registry registry;
  Upload upload(registry.services, registry.ann, {});
  const std::string piece(1 << 20, 'x');
  const auto write = [&] { upload.write(std::as_bytes(std::span(piece))); };
  for (int i = 0; i < 4; ++i) write();
  registry.disk.space.available = 0;
  CHECK(code_of([&] {
          for (int i = 0; i < 8; ++i) write();
        }) == Code::full);
}

TEST_CASE("Disk: the reserve is a hundredth of the disk within its bounds, and little of a tiny one") {
  CHECK(disk_reserve(std::uint64_t{20} << 30) == (std::uint64_t{20} << 30) / 100);
  CHECK(disk_reserve(std::uint64_t{1} << 50) == kMaxReserve);
  CHECK(disk_reserve(std::uint64_t{1} << 30) == kMinReserve);
  CHECK(disk_reserve(std::uint64_t{64} << 20) == std::uint64_t{8} << 20);
  CHECK(disk_reserve(0) == 0);
}
