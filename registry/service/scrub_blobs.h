// SPDX-License-Identifier: Apache-2.0
// Reads what is stored and compares it with its sums, at a bounded rate, over days if need be: where it
// stands is kept in the catalogue, so that it goes on after a restart.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "registry/access/principal.h"
#include "registry/catalog/database.h"
#include "registry/service/services.h"
#include "storage/blob/maintenance.h"

namespace assay {

// A report names so many problems and damaged blobs; more are counted.
inline constexpr std::size_t kMaxShownProblems = 200;
// How often where it stands is written down: what a kill costs at most.
inline constexpr std::chrono::seconds kScrubSlice{10};

struct ScrubWish {
  std::uint64_t bytes_per_second = 0;  // 0: as fast as it goes
  bool go_on = false;                  // where the last one stopped; from the start when none did
  std::function<bool()> stop = {};
  std::function<void(std::uint64_t done, std::uint64_t total)> progress = {};  // stored bytes
};

struct DamagedBlob {
  Digest digest;
  std::vector<std::string> needed_by;  // "model acme/churn@3 (w.bin)"; at most 5
};

struct ScrubResult {
  bool complete = false;  // false: it was stopped, and can go on
  std::uint64_t records = 0;
  std::uint64_t stored_bytes = 0;
  std::uint64_t problems_found = 0;
  std::uint64_t problems_repaired = 0;
  std::vector<ScrubProblem> problems;  // the first ones
  std::vector<DamagedBlob> damaged;    // no sound copy is left of all that they need
};

// {"complete","records","stored_bytes","problems_found","problems_repaired","problems":[{"pack","offset",
// "digest" but of a pack itself,"repaired","what"}],"damaged_blobs":[{"digest","needed_by"}]}
void to_json(nlohmann::json& json, const ScrubResult& result);

// What is known of the bytes' soundness, across restarts.
struct LastScrub {
  std::optional<Time> finished_at;    // when one last reached the end
  std::uint64_t problems_found = 0;   // by it, or by the one that is under way if that found more
  std::uint64_t damaged_blobs = 0;    // likewise
};
// One row.
LastScrub last_scrub(Snapshot& snapshot);

// Needs `admin` everywhere. What it found is audited when it found something. Throws conflict while another
// scrub runs, unavailable when the store cannot scrub.
ScrubResult scrub_blobs(const Services& services, const Principal& caller, const ScrubWish& wish);

}  // namespace assay
