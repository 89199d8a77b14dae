// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/pack_index.h"

#include <algorithm>
#include <cstring>
#include <tuple>
#include <utility>

#include "storage/base/limits.h"

namespace assay {
namespace {

// More would only be older ones.
constexpr std::size_t kBlobsPerTensor = 8;

}  // namespace

PackIndex::Pins::~Pins() {
  const std::lock_guard lock(index_.mutex_);
  for (const auto& pack : packs_) {
    --pack->pins;
    pack->touched = index_.collection_;
  }
}

// A digest is as good as random; the kind keeps a blob of one chunk from that chunk.
std::size_t PackIndex::hash(RecordKind kind, const Digest& id) {
  std::uint64_t word;
  std::memcpy(&word, id.bytes().data(), sizeof word);
  return word + static_cast<std::size_t>(kind) * 0x9E3779B97F4A7C15u;
}

std::uint32_t PackIndex::number_of(const Pack& pack) const {
  const auto at =
      std::find_if(packs_.begin(), packs_.end(), [&](const auto& known) { return known.get() == &pack; });
  return at == packs_.end() ? kEmpty : static_cast<std::uint32_t>(at - packs_.begin());
}

void PackIndex::insert(std::uint32_t pack, std::uint32_t entry) {
  const PackEntry& row = packs_[pack]->contents.entries[entry];
  std::size_t at = hash(row.kind, row.id) & (slots_.size() - 1);
  while (slots_[at].pack != kEmpty) at = (at + 1) & (slots_.size() - 1);
  slots_[at] = {pack, entry};
  ++used_;
}

// Makes room for so many entries in all, by laying them out anew.
void PackIndex::grow(std::size_t entries) {
  if (entries * 3 <= slots_.size() * 2) return;
  std::size_t size = std::max<std::size_t>(slots_.size(), 1024);
  while (entries * 3 > size * 2) size *= 2;
  const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(size));
  used_ = 0;
  for (const Slot& slot : old)
    if (slot.pack != kEmpty) insert(slot.pack, slot.entry);
}

void PackIndex::add_entries(std::uint32_t pack, std::size_t first) {
  const auto& entries = packs_[pack]->contents.entries;
  grow(used_ + entries.size() - first);
  for (std::size_t i = first; i < entries.size(); ++i) {
    totals_.stored_bytes += entries[i].size();
    insert(pack, static_cast<std::uint32_t>(i));
  }
}

void PackIndex::add_blob(const PackBlob& row, Arrival arrival) {
  const auto [at, is_new] = blobs_.try_emplace(row.digest, Blob{row.size, row.added, row.sketch});
  Blob& blob = at->second;
  if (arrival == Arrival::uploaded) {
    ++blob.leases;
    blob.touched = collection_;
  }
  if (!is_new) return;
  ++totals_.blobs;
  totals_.raw_bytes += row.size;
  for (const std::uint64_t key : row.sketch) {
    if (key == 0) continue;
    auto& list = by_tensor_[key];
    if (list.size() == kBlobsPerTensor) list.erase(list.begin());
    list.push_back(row.digest);
  }
}

void PackIndex::add(const std::vector<std::shared_ptr<Pack>>& packs, Arrival arrival) {
  const std::lock_guard lock(mutex_);
  for (const auto& pack : packs) {
    if (arrival == Arrival::uploaded) pack->touched = collection_;
    packs_.push_back(pack);
    add_entries(static_cast<std::uint32_t>(packs_.size() - 1), 0);
    for (const PackBlob& blob : pack->contents.blobs) add_blob(blob, arrival);
  }
}

void PackIndex::extend(const std::shared_ptr<Pack>& pack, const PackContents& more, std::uint64_t shift,
                       Arrival arrival) {
  const std::lock_guard lock(mutex_);
  const std::size_t first = pack->contents.entries.size();
  pack->contents.append(more, shift);
  if (arrival == Arrival::uploaded) pack->touched = collection_;
  add_entries(number_of(*pack), first);
  for (const PackBlob& blob : more.blobs) add_blob(blob, arrival);
}

// Calls `visit` with pack and entry of every record of that name, until it answers false.
template <typename Visit>
void PackIndex::for_each_record(RecordKind kind, const Digest& id, Visit visit) const {
  if (slots_.empty()) return;
  for (std::size_t at = hash(kind, id) & (slots_.size() - 1); slots_[at].pack != kEmpty;
       at = (at + 1) & (slots_.size() - 1)) {
    const auto& pack = packs_[slots_[at].pack];
    PackEntry& entry = pack->contents.entries[slots_[at].entry];
    if (entry.id == id && entry.kind == kind && !visit(pack, entry)) return;
  }
}

// Which of two alike is found must not depend on how slots lie, which changes.
const PackEntry* PackIndex::locate(RecordKind kind, const Digest& id, std::shared_ptr<Pack>& pack) const {
  const PackEntry* best = nullptr;
  for_each_record(kind, id, [&](const std::shared_ptr<Pack>& candidate, const PackEntry& entry) {
    if (entry.damaged || entry.dead) return true;
    if (best == nullptr || std::tie(entry.depth, candidate->name, entry.offset) <
                               std::tie(best->depth, pack->name, best->offset)) {
      best = &entry;
      pack = candidate;
    }
    return true;
  });
  return best;
}

std::optional<Found> PackIndex::find(RecordKind kind, const Digest& id) const {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<Pack> pack;
  const PackEntry* entry = locate(kind, id, pack);
  if (entry == nullptr) return std::nullopt;
  const auto bases = pack->contents.bases_of(*entry);
  return Found{std::move(pack), *entry, {bases.begin(), bases.end()}};
}

std::vector<Found> PackIndex::find_all(RecordKind kind, const Digest& id) const {
  std::vector<Found> copies;
  {
    const std::lock_guard lock(mutex_);
    for_each_record(kind, id, [&](const std::shared_ptr<Pack>& pack, const PackEntry& entry) {
      if (entry.damaged || entry.dead) return true;
      const auto bases = pack->contents.bases_of(entry);
      copies.push_back({pack, entry, {bases.begin(), bases.end()}});
      return true;
    });
  }
  std::sort(copies.begin(), copies.end(), [](const Found& a, const Found& b) {
    return std::tie(a.entry.depth, a.pack->name, a.entry.offset) <
           std::tie(b.entry.depth, b.pack->name, b.entry.offset);
  });
  return copies;
}

std::optional<Found> PackIndex::find_damaged(RecordKind kind, const Digest& id) const {
  const std::lock_guard lock(mutex_);
  std::optional<Found> damaged;
  for_each_record(kind, id, [&](const std::shared_ptr<Pack>& pack, const PackEntry& entry) {
    if (!entry.damaged) return true;
    const auto bases = pack->contents.bases_of(entry);
    damaged = Found{pack, entry, {bases.begin(), bases.end()}};
    return false;
  });
  return damaged;
}

// Collects the packs of a chunk and of what it is decoded with.
bool PackIndex::pin(RecordKind kind, const Digest& id, unsigned depth,
                    std::vector<std::shared_ptr<Pack>>& packs) const {
  std::shared_ptr<Pack> pack;
  const PackEntry* entry = locate(kind, id, pack);
  if (entry == nullptr || depth > kMaxDepth) return false;
  packs.push_back(pack);
  for (const Digest& base : pack->contents.bases_of(*entry))
    if (!pin(RecordKind::chunk, base, depth + 1, packs)) return false;
  return true;
}

bool PackIndex::reuse(RecordKind kind, const Digest& id, Pins& pins) {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Pack>> packs;
  if (!pin(kind, id, 0, packs)) return false;
  for (auto& pack : packs)
    if (pins.packs_.insert(pack).second) ++pack->pins;
  return true;
}

bool PackIndex::is_whole(RecordKind kind, const Digest& id) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Pack>> packs;
  return pin(kind, id, 0, packs);
}

bool PackIndex::set_damaged(const Found& found, bool damaged) {
  const std::lock_guard lock(mutex_);
  bool changed = false;
  for (PackEntry& entry : found.pack->contents.entries)
    if (entry.offset == found.entry.offset) changed |= std::exchange(entry.damaged, damaged) != damaged;
  return changed;
}

void PackIndex::mark_damaged(const Found& found) {
  if (set_damaged(found, true) && tell_damage_) tell_damage_({found.pack->name, found.entry.offset});
}

void PackIndex::mark_damaged(const std::set<DamagedRecord>& records) {
  if (records.empty()) return;
  const std::lock_guard lock(mutex_);
  for (const auto& pack : packs_)
    if (pack)
      for (PackEntry& entry : pack->contents.entries)
        if (records.contains({pack->name, entry.offset})) entry.damaged = true;
}

void PackIndex::mark_sound(const Found& found) {
  set_damaged(found, false);
}

std::vector<DamagedRecord> PackIndex::damaged() const {
  const std::lock_guard lock(mutex_);
  std::vector<DamagedRecord> records;
  for (const auto& pack : packs_)
    if (pack)
      for (const PackEntry& entry : pack->contents.entries)
        if (entry.damaged) records.push_back({pack->name, entry.offset});
  return records;
}

std::optional<BlobInfo> PackIndex::stat(const Digest& digest) const {
  const std::lock_guard lock(mutex_);
  const auto at = blobs_.find(digest);
  if (at == blobs_.end()) return std::nullopt;
  return BlobInfo{digest, at->second.size, at->second.added};
}

std::optional<Sketch> PackIndex::sketch(const Digest& digest) const {
  const std::lock_guard lock(mutex_);
  const auto at = blobs_.find(digest);
  return at == blobs_.end() ? std::nullopt : std::optional(at->second.sketch);
}

bool PackIndex::lease(const Digest& digest) {
  const std::lock_guard lock(mutex_);
  const auto at = blobs_.find(digest);
  if (at == blobs_.end()) return false;
  ++at->second.leases;
  at->second.touched = collection_;
  return true;
}

void PackIndex::release(const Digest& digest) {
  const std::lock_guard lock(mutex_);
  Blob& blob = blobs_.at(digest);  // nothing leased is ever hidden
  --blob.leases;
  blob.touched = collection_;
}

std::vector<Digest> PackIndex::blobs() const {
  std::vector<Digest> digests;
  {
    const std::lock_guard lock(mutex_);
    digests.reserve(blobs_.size());
    for (const auto& [digest, blob] : blobs_) digests.push_back(digest);
  }
  std::sort(digests.begin(), digests.end());
  return digests;
}

BlobTotals PackIndex::totals() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

std::vector<Digest> PackIndex::similar(const Sketch& sketch, std::size_t limit) const {
  std::vector<std::pair<Digest, int>> votes;
  {
    const std::lock_guard lock(mutex_);
    for (const std::uint64_t key : sketch) {
      const auto found = by_tensor_.find(key);
      if (key == 0 || found == by_tensor_.end()) continue;
      for (auto digest = found->second.rbegin(); digest != found->second.rend(); ++digest) {
        if (!blobs_.contains(*digest)) continue;
        const auto vote = std::find_if(votes.begin(), votes.end(),
                                       [&](const auto& known) { return known.first == *digest; });
        if (vote == votes.end())
          votes.emplace_back(*digest, 1);
        else
          ++vote->second;
      }
    }
  }
  // The latest comes first among equals: a training run's last checkpoint is the nearest.
  std::stable_sort(votes.begin(), votes.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<Digest> digests;
  for (std::size_t i = 0; i < std::min(limit, votes.size()); ++i) digests.push_back(votes[i].first);
  return digests;
}

std::uint64_t PackIndex::begin_collection() {
  const std::lock_guard lock(mutex_);
  return ++collection_;
}

std::vector<Digest> PackIndex::relied_on(std::uint64_t collection) const {
  const std::lock_guard lock(mutex_);
  std::vector<Digest> digests;
  for (const auto& [digest, blob] : blobs_)
    if (blob.leases > 0 || blob.touched >= collection) digests.push_back(digest);
  return digests;
}

std::vector<PackBlob> PackIndex::hide_dead(const std::unordered_set<Digest>& live, std::uint64_t collection,
                                           std::vector<Digest>& missed) {
  const std::lock_guard lock(mutex_);
  std::vector<PackBlob> dead;
  missed.clear();
  for (const auto& [digest, blob] : blobs_) {
    if (live.contains(digest)) continue;
    if (blob.leases > 0 || blob.touched >= collection)
      missed.push_back(digest);
    else
      dead.push_back({digest, blob.size, blob.added, blob.sketch});
  }
  if (!missed.empty()) return {};
  for (const PackBlob& blob : dead) {
    blobs_.erase(blob.digest);
    --totals_.blobs;
    totals_.raw_bytes -= blob.size;
    for_each_record(RecordKind::blob, blob.digest, [](const std::shared_ptr<Pack>&, PackEntry& entry) {
      entry.dead = true;
      return true;
    });
  }
  return dead;
}

std::vector<std::shared_ptr<Pack>> PackIndex::packs() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Pack>> packs;
  for (const auto& pack : packs_)
    if (pack) packs.push_back(pack);
  return packs;
}

std::shared_ptr<Pack> PackIndex::find_unlisted() const {
  const std::lock_guard lock(mutex_);
  const auto found =
      std::find_if(packs_.begin(), packs_.end(), [](const auto& pack) { return pack && pack->unlisted; });
  return found == packs_.end() ? nullptr : *found;
}

PackContents PackIndex::contents(const std::shared_ptr<Pack>& pack) const {
  const std::lock_guard lock(mutex_);
  return pack->contents;
}

void PackIndex::take_out(const std::shared_ptr<Pack>& pack) {
  const std::uint32_t number = number_of(*pack);
  if (number == kEmpty) return;
  for (const PackEntry& entry : pack->contents.entries) totals_.stored_bytes -= entry.size();
  // Taking slots out of an open-addressing table one by one would break its chains.
  const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(slots_.size()));
  used_ = 0;
  for (const Slot& slot : old)
    if (slot.pack != kEmpty && slot.pack != number) insert(slot.pack, slot.entry);
  packs_[number] = nullptr;
}

bool PackIndex::is_relied_on(const std::shared_ptr<Pack>& pack, std::uint64_t collection) const {
  const std::lock_guard lock(mutex_);
  return pack->pins > 0 || pack->touched >= collection;
}

bool PackIndex::retire(const std::shared_ptr<Pack>& pack, std::uint64_t collection) {
  const std::lock_guard lock(mutex_);
  if (pack->pins > 0 || pack->touched >= collection) return false;
  take_out(pack);
  return true;
}

void PackIndex::remove(const std::shared_ptr<Pack>& pack) {
  const std::lock_guard lock(mutex_);
  take_out(pack);
}

}  // namespace assay
