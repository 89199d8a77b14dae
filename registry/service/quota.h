// SPDX-License-Identifier: Apache-2.0
// How much may still come in: the quota of a namespace, and the room that the data disk keeps for itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "registry/access/principal.h"
#include "registry/catalog/quotas.h"
#include "registry/service/services.h"

namespace assay {

// Uploads end while the disk still has this much: the catalogue, promotions and garbage collection go on. One
// per cent of the disk, but at least kMinReserve and at most kMaxReserve; on a tiny disk one eighth.
inline constexpr std::uint64_t kMinReserve = 64ull << 20;  // a catalogue's log, many times over
inline constexpr std::uint64_t kMaxReserve = 1ull << 30;   // enough for a collection to copy packs with
std::uint64_t disk_reserve(std::uint64_t disk_bytes);

// Throws full unless the disk takes `bytes` more and keeps its reserve.
void require_room(const Services& services, std::uint64_t bytes);

// Throws full, saying how much there is, when `bytes` more in `space` go beyond its quota.
void require_quota(Snapshot& snapshot, const Namespace& space, std::uint64_t bytes);
// Throws full when that is so in every namespace where the caller may publish.
void require_some_quota(Snapshot& snapshot, const Principal& caller, std::uint64_t bytes);

// {"namespace","limit_bytes","used_bytes","versions"}
void to_json(nlohmann::json& json, const Quota& quota);

// Those of the namespaces that the caller may read, by name. Needs `read` somewhere.
std::vector<Quota> list_quotas(const Services& services, const Principal& caller);
// From {"limit_bytes": a number, or null for no limit}. Throws invalid_argument.
std::optional<std::uint64_t> parse_quota_request(std::string_view body);
// Needs `admin` everywhere: a namespace does not set its own. A limit below what is used keeps what is there.
Quota set_quota(const Services& services, const Principal& caller, const Namespace& space,
                std::optional<std::uint64_t> limit);

}  // namespace assay
