// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/collect_garbage.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "storage/base/error.h"
#include "storage/base/limits.h"
#include "storage/blob/check_record.h"
#include "storage/blob/dead_lists.h"
#include "storage/blob/dependents.h"
#include "storage/blob/local_layout.h"
#include "storage/blob/marks.h"
#include "storage/blob/new_pack.h"
#include "storage/blob/pack_copy.h"
#include "storage/blob/pack_loader.h"
#include "storage/blob/rebase.h"

namespace assay {
namespace {

constexpr std::size_t kShownDead = 20;

using PackPointer = std::shared_ptr<Pack>;

class Collection {
 public:
  Collection(StoreParts& parts, const GcRequest& request)
      : parts_(parts), request_(request), marks_(parts.index, parts.source) {}

  GcReport run() {
    number_ = parts_.index.begin_collection();
    mark();
    const std::vector<PackBlob> dead = hide();
    report(dead);
    if (!request_.dry_run) write_down();
    sweep();
    if (request_.dry_run) return std::move(report_);
    if (!stopping()) report_.chunks_rebased = rebase_chunks(parts_, marks_, kMaxRebase, request_.stop);
    unless_full([&] { forget_dead_packs(parts_); });  // else the next collection does
    return std::move(report_);
  }

 private:
  // False when there was no room for it.
  template <typename Step>
  static bool unless_full(Step step) {
    try {
      step();
      return true;
    } catch (const Error& error) {
      if (error.code() != Code::full) throw;
      return false;
    }
  }

  bool stopping() const { return request_.stop && request_.stop(); }

  void mark() {
    request_.roots([this](const Digest& blob) {
      if (parts_.index.stat(blob))
        need(blob);
      else
        check_lost(blob);
    });
    for (const Digest& blob : parts_.index.relied_on(number_)) need(blob);
  }

  // A recipe that cannot be read may list chunks that nothing else does: another copy of it may turn up, they
  // would not.
  void need(const Digest& blob) {
    if (!marks_.add(blob))
      throw Error(
          Code::corrupt,
          fmt::format(
              "Nothing was freed: blob {} is needed, and what it consists of cannot be read. Run assay "
              "scrub to see what is damaged, push it again with --resend or restore it, then collect again.",
              blob.text()));
  }

  // What it consists of may be read again once its pack has been repaired, if it is still there then.
  void check_lost(const Digest& blob) const {
    if (const auto pack = parts_.index.find_unlisted())
      throw Error(Code::corrupt,
                  fmt::format("Nothing was freed: blob {} is needed and not found, and {} cannot be read whole ({}). "
                              "Stop the server and run assay repair on the data directory, or push the blob's file "
                              "again with --resend; then collect again.",
                              blob.text(), path_of({pack->name, pack->sealed}), pack->trouble));
  }

  std::vector<PackBlob> hide() {
    if (request_.dry_run) return dead_now();
    close_open_pack();
    std::vector<Digest> missed;
    for (;;) {
      std::vector<PackBlob> dead = parts_.index.hide_dead(marks_.blobs(), number_, missed);
      if (missed.empty()) return dead;
      for (const Digest& blob : missed) need(blob);
    }
  }

  std::vector<PackBlob> dead_now() const {
    std::vector<PackBlob> dead;
    for (const Digest& blob : parts_.index.blobs())
      if (!marks_.has_blob(blob))
        if (const auto info = parts_.index.stat(blob))
          dead.push_back({blob, info->size, info->stored_size, {}});
    return dead;
  }

  // A dead list speaks of a blob in a pack. Were the pack still being appended to, the same blob could be
  // uploaded into it again, and be taken for dead when the store is opened.
  void close_open_pack() {
    for (const PackPointer& pack : parts_.index.packs()) {
      if (pack->sealed) continue;
      const PackContents contents = parts_.index.contents(pack);
      if (std::any_of(contents.blobs.begin(), contents.blobs.end(),
                      [&](const PackBlob& blob) { return !marks_.has_blob(blob.digest); }))
        return parts_.shared.close();
    }
  }

  void report(std::vector<PackBlob> dead) {
    report_.dead_blobs = dead.size();
    report_.live_blobs = parts_.index.totals().blobs - (request_.dry_run ? dead.size() : 0);
    std::sort(dead.begin(), dead.end(), [](const PackBlob& one, const PackBlob& other) {
      return one.added != other.added ? one.added > other.added : one.digest < other.digest;
    });
    for (const PackBlob& blob : dead)
      if (report_.largest_dead.size() < kShownDead) report_.largest_dead.push_back(blob.digest);
  }

  // A list takes room, and where there is none a pack has to make it.
  void write_down() {
    const std::set<DeadBlob> written = read_dead_lists(parts_.files);
    while (!unless_full([&] { publish_dead_list(parts_, to_write(written)); }))
      if (!make_room(written))
        throw Error(Code::full,
                    "Nothing more was freed: the disk is full, and what is dead shares packs or differences in such "
                    "a way that it has to be written down first, in some kilobytes. Free a little space where the "
                    "data directory is, then collect again.");
  }

  // Also what an earlier collection found dead and failed to write down: its blobs are not among the dead
  // ones any more, and their chunks go all the same.
  std::vector<DeadBlob> to_write(const std::set<DeadBlob>& written) const {
    std::vector<DeadBlob> rows;
    for (const PackPointer& pack : parts_.index.packs())
      for (const PackEntry& entry : parts_.index.contents(pack).entries)
        if (entry.dead && !written.contains({pack->name, entry.id})) rows.push_back({pack->name, entry.id});
    return rows;
  }

  // Removes, durably, a pack that takes all descriptions along that need something of it; false when there is none.
  bool make_room(const std::set<DeadBlob>& written) {
    const Dependents dependents(parts_, written);
    for (const PackPointer& pack : parts_.index.packs()) {
      const Share share = share_of(pack);
      if (share.live > 0 || !may_change(*pack) || dependents.has_others(*pack) || !retire(pack)) continue;
      parts_.publisher.sync_directory(layout::kPacks);
      report_.dead_bytes += share.all;
      count_removed(*pack);
      return true;
    }
    return false;
  }

  bool is_needed(const PackEntry& entry) const {
    if (entry.kind == RecordKind::blob) return marks_.has_blob(entry.id);
    return entry.kind == RecordKind::page ? marks_.has_page(entry.id) : marks_.has_chunk(entry.id);
  }

  // Which of a pack's records are live: needed, and the copy that readers get.
  bool is_live(const PackPointer& pack, const PackEntry& entry) const {
    if (entry.dead || !is_needed(entry)) return false;
    const auto found = parts_.index.find(entry.kind, entry.id);
    // Damaged without another copy: it is kept for a repair to look at.
    if (!found) return true;
    return found->pack == pack && found->entry.offset == entry.offset;
  }

  // Bytes of a pack's records.
  struct Share {
    std::uint64_t live = 0, all = 0;
  };

  Share share_of(const PackPointer& pack) const {
    Share share;
    for (const PackEntry& entry : parts_.index.contents(pack).entries) {
      share.all += entry.size();
      if (is_live(pack, entry)) share.live += entry.size();
    }
    return share;
  }

  // What could not be read in a pack is not known to be dead: it stays for a repair.
  static bool may_change(const Pack& pack) { return pack.sealed && !pack.unlisted; }

  // Packs that can go as they are go first: they free the room that rewriting needs. They do once nobody has
  // their files open, so none is held on to.
  void sweep() {
    std::vector<PackPointer> sparse, small;
    std::vector<PackPointer> packs = parts_.index.packs();
    for (PackPointer& held : packs) {
      if (stopping()) return;
      const PackPointer pack = std::move(held);
      const Share share = share_of(pack);
      report_.live_bytes += share.live;
      report_.dead_bytes += share.all - share.live;
      if (!may_change(*pack)) continue;
      if (share.live == 0)
        drop(pack);
      else if (static_cast<double>(share.live) < request_.live_share * static_cast<double>(share.all))
        sparse.push_back(pack);
      else if (pack->file->size() < kSmallPack)
        small.push_back(pack);
    }
    if (small.size() >= kManySmallPacks) sparse.insert(sparse.end(), small.begin(), small.end());
    small.clear();
    rewrite(std::move(sparse));
  }

  void drop(const PackPointer& pack) {
    if (request_.dry_run || retire(pack))
      count_removed(*pack);
    else
      ++report_.packs_skipped;
  }

  void count_removed(const Pack& pack) {
    ++report_.packs_removed;
    report_.freed_bytes += pack.file->size();
  }

  // The last look: whatever was decided before, a pack goes only when all that is needed of it is elsewhere.
  bool is_spare(const PackPointer& pack) {
    for (const PackEntry& entry : parts_.index.contents(pack).entries)
      if (!entry.dead && is_needed(entry) && !is_elsewhere(pack, entry)) return false;
    return true;
  }

  // Whether there is another copy and it can be read: the one that goes may be the only sound one. What this
  // collection has just written need not be read.
  bool is_elsewhere(const PackPointer& pack, const PackEntry& entry) {
    for (const Found& copy : parts_.index.find_all(entry.kind, entry.id)) {
      if (copy.pack == pack) continue;
      if (written_.contains(copy.pack)) return true;
      const RecordState state = check_record(parts_.index, parts_.source, copy, raw_).state;
      if (state == RecordState::sound) return true;
      if (state == RecordState::damaged) parts_.index.mark_damaged(copy);
    }
    return false;
  }

  bool retire(const PackPointer& pack) {
    if (!is_spare(pack) || !parts_.index.retire(pack, number_)) return false;
    parts_.files.remove(path_of({pack->name, true}));
    return true;
  }

  // Where there is no room for a copy of many packs there may be for one of each, those first that need the least:
  // every one that is done makes more.
  void rewrite(std::vector<PackPointer> packs) {
    if (unless_full([&] { rewrite_together(packs); })) return;
    std::erase(packs, nullptr);
    std::sort(packs.begin(), packs.end(),
              [&](const auto& one, const auto& other) { return share_of(one).live < share_of(other).live; });
    for (PackPointer& pack : packs) {
      std::vector<PackPointer> alone = {std::move(pack)};
      if (!unless_full([&] { rewrite_together(alone); })) ++report_.packs_without_room;
    }
  }

  // Copies what is live of several packs into one, publishes that, and only then takes the old ones away. Those that
  // have been dealt with are taken out of `packs`.
  void rewrite_together(std::vector<PackPointer>& packs) {
    PackCopy copy(parts_.files, parts_.entropy, parts_.publisher);
    std::vector<PackPointer*> sources;
    for (PackPointer& pack : packs) {
      if (stopping()) break;
      if (parts_.index.is_relied_on(pack, number_)) {
        ++report_.packs_skipped;
        pack.reset();
        continue;
      }
      rewrite_one(pack, copy, sources);
      if (copy.size() >= parts_.sizes.own) finish(copy, sources);
    }
    finish(copy, sources);
  }

  void rewrite_one(PackPointer& pack, PackCopy& copy, std::vector<PackPointer*>& sources) {
    const PackContents contents = parts_.index.contents(pack);
    const auto wanted = [&](const PackEntry& entry) { return is_live(pack, entry); };
    if (request_.dry_run) {
      ++report_.packs_rewritten;
      report_.freed_bytes += pack->file->size();
      for (const PackEntry& entry : contents.entries)
        if (wanted(entry)) dry_copied_ += entry.size();
    } else if (copy.add(*pack, contents, wanted)) {
      sources.push_back(&pack);
    } else {
      ++report_.packs_skipped;  // somebody may still repair it
      pack.reset();
    }
  }

  void finish(PackCopy& copy, std::vector<PackPointer*>& sources) {
    if (request_.dry_run) {
      report_.freed_bytes -= std::min(report_.freed_bytes, std::exchange(dry_copied_, 0));
      return;
    }
    if (copy.empty() || sources.empty()) return;
    std::uint64_t before = 0;
    const PackPointer written = copy.publish(parts_.index);
    written_.insert(written);
    const std::uint64_t after = written->file->size();
    for (PackPointer* const source : std::exchange(sources, {})) {
      const PackPointer pack = std::move(*source);
      if (retire(pack)) {
        ++report_.packs_rewritten;
        before += pack->file->size();
      } else {
        ++report_.packs_skipped;
      }
    }
    report_.freed_bytes += before > after ? before - after : 0;
  }

  StoreParts& parts_;
  const GcRequest& request_;
  Marks marks_;
  std::uint64_t number_ = 0;
  std::set<PackPointer> written_;
  std::vector<std::byte> raw_;
  std::uint64_t dry_copied_ = 0;
  GcReport report_;
};

}  // namespace

GcReport collect_garbage(StoreParts& parts, const GcRequest& request) {
  return Collection(parts, request).run();
}

}  // namespace assay
