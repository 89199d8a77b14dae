// SPDX-License-Identifier: Apache-2.0
#include "registry/service/quota.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "registry/catalog/audit.h"
#include "registry/domain/canonical_json.h"
#include "registry/domain/json_reader.h"
#include "registry/service/record_evidence.h"
#include "storage/base/byte_size.h"
#include "storage/base/error.h"
#include "storage/env/clock.h"
#include "storage/env/disk_space.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr std::int64_t kMaxQuota = (std::int64_t{1} << 53) - 1;  // what every JSON reader takes exactly

bool fits(const Quota& quota, std::uint64_t bytes) {
  return !quota.limit || (quota.used <= *quota.limit && bytes <= *quota.limit - quota.used);
}

Error beyond(const Quota& quota, std::uint64_t bytes) {
  return Error(
      Code::full,
      fmt::format("{} more are beyond the quota of namespace {}, which holds {} of {}: delete versions "
                  "with assay delete, or have an admin raise it with assay quota set",
                  byte_size_text(bytes), quota.space.text(), byte_size_text(quota.used),
                  byte_size_text(*quota.limit)));
}

}  // namespace

std::uint64_t disk_reserve(std::uint64_t disk_bytes) {
  return std::min(std::clamp(disk_bytes / 100, kMinReserve, kMaxReserve), disk_bytes / 8);
}

void require_room(const Services& services, std::uint64_t bytes) {
  if (services.disk == nullptr) return;
  const DiskSpace space = services.disk->look();
  const std::uint64_t reserve = disk_reserve(space.total);
  if (space.available >= reserve && bytes <= space.available - reserve) return;
  throw Error(Code::full,
              fmt::format("The data disk has {} left, of which {} are kept free: nothing is taken in until "
                          "there is room again; delete versions and run assay gc, or enlarge the disk",
                          byte_size_text(space.available), byte_size_text(reserve)));
}

void require_quota(Snapshot& snapshot, const Namespace& space, std::uint64_t bytes) {
  if (!has_quota(snapshot, space)) return;
  if (const Quota quota = find_quota(snapshot, space); !fits(quota, bytes)) throw beyond(quota, bytes);
}

void require_some_quota(Snapshot& snapshot, const Principal& caller, std::uint64_t bytes) {
  std::optional<Error> refusal;
  for (const Grant& grant : caller.grants) {
    if (!permits(grant.role, Permission::register_)) continue;
    if (!grant.space) return;  // there is always a namespace without a quota
    if (!has_quota(snapshot, *grant.space)) return;
    const Quota quota = find_quota(snapshot, *grant.space);
    if (fits(quota, bytes)) return;
    refusal = beyond(quota, bytes);
  }
  if (refusal) throw *refusal;
}

void to_json(json& out, const Quota& quota) {
  out = {{"namespace", quota.space.text()},
         {"limit_bytes", quota.limit ? json(*quota.limit) : json()},
         {"used_bytes", quota.used},
         {"versions", quota.versions}};
}

std::vector<Quota> list_quotas(const Services& services, const Principal& caller) {
  require_somewhere(caller, Permission::read);
  return services.database.read(
      [&](Snapshot& snapshot) { return list_quotas(snapshot, readable_spaces(caller)); });
}

std::optional<std::uint64_t> parse_quota_request(std::string_view body) {
  const json document = parse_json(body, "the request body");
  JsonObject object(document, "the request body");
  const auto limit = object.optional_integer("limit_bytes", 0, kMaxQuota);
  object.finish();
  // A typing error must not take a limit away.
  if (!document.contains("limit_bytes"))
    throw Error(Code::invalid_argument,
                "the request body lacks \"limit_bytes\"; add it: a number, or null for no limit");
  if (!limit) return std::nullopt;
  return static_cast<std::uint64_t>(*limit);
}

Quota set_quota(const Services& services, const Principal& caller, const Namespace& space,
                std::optional<std::uint64_t> limit) {
  require_everywhere(caller, Permission::admin);
  const Time now = services.clock.now();
  return services.database.write([&](Transaction& transaction) {
    put_quota(transaction, space, limit, caller.name, now);
    append_audit(transaction, {.time = now,
                               .actor = caller.name,
                               .action = "set_quota",
                               .subject = "namespaces/" + space.text(),
                               .details = canonical({{"limit_bytes", limit ? json(*limit) : json()},
                                                     {"token", caller.id.text()}})});
    return find_quota(transaction, space);
  });
}

}  // namespace assay
