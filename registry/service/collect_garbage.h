// SPDX-License-Identifier: Apache-2.0
// Frees what no live version needs: tells the store what to keep, lets it collect, and forgets the uploads
// whose bytes are gone. Uploads and reads go on meanwhile; nothing here takes a lock.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "registry/access/principal.h"
#include "registry/service/services.h"
#include "storage/blob/maintenance.h"

namespace assay {

// What was uploaded stays this long without a version that holds it: a push of many files over a slow line
// takes hours, and one that is cut short goes on the next day.
inline constexpr std::chrono::hours kUploadGrace{24};

struct GarbageRequest {
  bool dry_run = false;
  std::function<bool()> stop = {};
  // Which step begins (`mark`, `collect`, `forget`) and how many blobs are to be kept so far.
  std::function<void(const std::string& step, std::uint64_t kept)> progress = {};
};

struct GarbageReport {
  bool dry_run = false;
  bool stopped = false;  // before the end: the next collection does the rest
  std::uint64_t kept = 0;
  std::uint64_t uploads_forgotten = 0;
  GcReport store;
};

// {"dry_run","stopped","live_blobs","live_bytes","dead_blobs","dead_bytes","freed_bytes","packs_removed",
// "packs_rewritten","packs_skipped","packs_without_room","chunks_rebased","largest_dead","uploads_forgotten"}
void to_json(nlohmann::json& json, const GarbageReport& report);

// Needs `admin` everywhere. Audited with its sizes unless it was a dry run. Throws conflict while another
// collection runs or a backup is being made, unavailable when the store cannot collect.
GarbageReport collect_garbage(const Services& services, const Principal& caller,
                              const GarbageRequest& request);

}  // namespace assay
