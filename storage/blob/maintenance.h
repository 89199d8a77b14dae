// SPDX-License-Identifier: Apache-2.0
// What keeps a store small and sound: collecting garbage, scrubbing, explaining bytes. A second port beside
// blob_store.h, for the jobs of an operator; uploads and reads go on meanwhile.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "storage/base/digest.h"

namespace assay {

// Of a pack's records, what must be live for it to be left alone: rewriting costs reading and writing that much.
inline constexpr double kLiveShare = 0.6;

struct GcRequest {
  // Calls `keep` for every blob that must stay. It is called once, after the collection has begun: whoever
  // relies on a blob from then on holds a lease or has just uploaded it, and is safe without being named.
  std::function<void(const std::function<void(const Digest&)>& keep)> roots;
  bool dry_run = false;             // find out and report, change nothing
  std::function<bool()> stop = {};  // asked between packs; true ends the collection early, with what it did
  double live_share = kLiveShare;   // 1: every dead byte of a closed pack goes, at the price of many copies
};

struct GcReport {
  std::uint64_t live_blobs = 0;
  std::uint64_t live_bytes = 0;       // stored bytes that live blobs need, their parents' chunks included
  std::uint64_t dead_blobs = 0;       // nobody named them; they are no longer there, unless it was a dry run
  std::uint64_t dead_bytes = 0;       // stored bytes that nothing live needs
  std::uint64_t freed_bytes = 0;      // by which the packs got smaller; in a dry run, by which they would
  std::uint64_t packs_removed = 0;    // nothing in them was live
  std::uint64_t packs_rewritten = 0;  // what was live in them was copied
  std::uint64_t packs_without_room = 0;  // those left as they are since the disk is too full for a copy
  std::uint64_t packs_skipped = 0;   // somebody has relied on them since the collection began: the next one's
  std::uint64_t chunks_rebased = 0;  // stored anew without a parent that nothing else needs
  std::vector<Digest> largest_dead;  // at most 20, by size, for people
};

struct ScrubRequest {
  std::string cursor = {};             // where an earlier scrub stopped; empty: from the start
  std::uint64_t bytes_per_second = 0;  // read at most so fast; 0: as fast as it goes
  std::function<bool()> stop = {};     // asked after each record; true ends it
  std::function<void(std::uint64_t done, std::uint64_t total)> progress = {};  // stored bytes; may be empty
};

struct ScrubProblem {
  std::string pack;
  std::uint64_t offset;
  std::optional<Digest> digest;  // of the chunk, or of the blob whose description it is; none: of the pack itself
  bool repaired;  // another sound copy has taken its place
  std::string what;
};

struct ScrubReport {
  std::uint64_t records = 0;
  std::uint64_t stored_bytes = 0;
  std::string cursor;  // for the next scrub; empty when this one reached the end
  std::vector<ScrubProblem> problems;
  std::vector<Digest> damaged_blobs;  // need a record of which no sound copy is left, or that is not there
};

// Where the bytes of a blob or chunk are and what needs them.
struct Explanation {
  struct Place {
    std::string pack;
    std::uint64_t offset;
    std::uint64_t stored_bytes;
    std::string codec;
    std::vector<Digest> parents;  // chunks that decoding it needs
  };
  Digest digest;
  bool is_blob = false;
  bool is_chunk = false;
  std::uint64_t size = 0;         // raw bytes
  std::uint64_t chunks = 0;       // of a blob
  std::vector<Place> places;      // of a chunk; of a blob, of its description
  std::vector<Digest> needed_by;  // blobs whose chunks these are, or are decoded with; at most 100
};

// What a set of blobs takes, and why it takes no more. Bytes.
struct Savings {
  std::uint64_t blobs = 0;
  std::uint64_t raw = 0;             // all blobs' sizes added up
  std::uint64_t stored = 0;          // by the chunks they need, each once
  std::uint64_t by_dedup = 0;        // raw bytes of chunks that another of these blobs has too
  std::uint64_t by_delta = 0;        // raw minus stored bytes of chunks that are stored against a parent
  std::uint64_t by_compression = 0;  // raw minus stored bytes of the other chunks
};

// Any thread may call any method at any time; one collection or scrub runs at a time, a second one throws
// conflict.
class Maintenance {
 public:
  virtual ~Maintenance() = default;

  virtual GcReport collect_garbage(const GcRequest& request) = 0;
  virtual ScrubReport scrub(const ScrubRequest& request) = 0;
  // Throws not_found.
  virtual Explanation explain(const Digest& digest) const = 0;
  // Of the given blobs; those that are not stored are passed over.
  virtual Savings savings(const std::vector<Digest>& blobs) const = 0;
};

}  // namespace assay
