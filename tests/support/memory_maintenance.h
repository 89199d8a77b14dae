// SPDX-License-Identifier: Apache-2.0
// Maintenance of a MemoryBlobStore, for tests of what stands on the port: it really removes unnamed blobs,
// reads every byte, and cuts blobs into pieces of 64 KiB. Each blob is a pack of its own.
#pragma once

#include <atomic>
#include <map>
#include <set>

#include "storage/blob/maintenance.h"
#include "tests/support/memory_blob_store.h"

namespace assay::test {

class MemoryMaintenance final : public Maintenance {
 public:
  explicit MemoryMaintenance(MemoryBlobStore& store) : store_(store) {}

  GcReport collect_garbage(const GcRequest& request) override {
    const Alone alone(collecting_, "collection");
    std::set<Digest> live;
    request.roots([&](const Digest& digest) { live.insert(digest); });
    if (before_sweep) before_sweep();
    GcReport report;
    store_.for_each([&](const Digest& digest) {
      if (request.stop && request.stop()) return;
      const std::uint64_t size = store_.stat(digest)->size;
      if (live.contains(digest)) {
        ++report.live_blobs;
        report.live_bytes += size;
        return;
      }
      ++report.dead_blobs;
      report.dead_bytes += size;
      report.freed_bytes += size;
      ++report.packs_removed;
      if (report.largest_dead.size() < 20) report.largest_dead.push_back(digest);
      if (!request.dry_run) store_.forget(digest);
    });
    return report;
  }

  // The cursor is the digest of the last blob read.
  ScrubReport scrub(const ScrubRequest& request) override {
    const Alone alone(scrubbing_, "scrub");
    ScrubReport report;
    const std::uint64_t total = store_.totals().stored_bytes;
    bool stopped = false;
    store_.for_each([&](const Digest& digest) {
      if (stopped || (!request.cursor.empty() && digest.text() <= request.cursor)) return;
      ++report.records;
      report.stored_bytes += store_.stat(digest)->size;
      try {
        store_.check(digest);
      } catch (const Error& error) {
        report.problems.push_back({digest.hex(), 0, digest, false, error.message()});
        report.damaged_blobs.push_back(digest);
      }
      report.cursor = digest.text();
      if (request.progress) request.progress(report.stored_bytes, total);
      if (after_record) after_record();
      stopped = request.stop && request.stop();
    });
    if (!stopped) report.cursor.clear();
    return report;
  }

  Explanation explain(const Digest& digest) const override {
    const auto blob = store_.stat(digest);
    if (!blob) throw Error(Code::not_found, "Nothing stored has the digest " + digest.text());
    Explanation out{
        .digest = digest, .is_blob = true, .size = blob->size, .places = {}, .needed_by = {digest}};
    store_.for_each_chunk(digest, [&](const ChunkInfo& chunk) {
      ++out.chunks;
      out.is_chunk = out.is_chunk || chunk.digest == digest;
    });
    out.places.push_back({digest.hex(), 0, blob->stored_size, "raw", {}});
    return out;
  }

  Savings savings(const std::vector<Digest>& blobs) const override {
    Savings out;
    std::set<Digest> chunks;
    for (const Digest& digest : blobs) {
      const auto blob = store_.stat(digest);
      if (!blob) continue;
      ++out.blobs;
      out.raw += blob->size;
      store_.for_each_chunk(digest, [&](const ChunkInfo& chunk) {
        (chunks.insert(chunk.digest).second ? out.stored : out.by_dedup) += chunk.length;
      });
    }
    return out;
  }

  std::function<void()> before_sweep;  // between marking and removing
  std::function<void()> after_record;  // of a scrub

 private:
  // One at a time, as the port promises.
  class Alone {
   public:
    Alone(std::atomic<bool>& busy, const std::string& what) : busy_(busy) {
      if (busy_.exchange(true)) throw Error(Code::conflict, "Another " + what + " runs already");
    }
    ~Alone() { busy_ = false; }
    Alone(const Alone&) = delete;
    Alone& operator=(const Alone&) = delete;

   private:
    std::atomic<bool>& busy_;
  };

  MemoryBlobStore& store_;
  std::atomic<bool> collecting_ = false;
  std::atomic<bool> scrubbing_ = false;
};

}  // namespace assay::test
