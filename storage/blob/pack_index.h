// SPDX-License-Identifier: Apache-2.0
// Which pack holds which chunk and blob: in memory, made from the packs' footers when the store opens. It
// also knows who relies on what, so that garbage collection needs no lock of its own (FORMAT.md, "Garbage
// collection").
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "storage/blob/blob_store.h"
#include "storage/blob/pack_format.h"

namespace assay {

// A pack of the store; whoever holds it can read its records, also once it has been retired and its name
// removed.
struct Pack {
  std::string name;  // its id, 32 hex digits
  std::unique_ptr<File> file;
  std::atomic<bool> sealed = true;  // whether its file is packs/NAME.pack or still packs/NAME.open
  // What is wrong with its header or footer, or between its records, a bare clause; empty when it is sound. Known
  // when it is read.
  std::string trouble;
  // Its footer does not hold, or it was never given one: it may hold more than could be read.
  bool unlisted = false;
  PackContents contents;            // the index's mutex guards it, for the shared pack grows
  std::size_t pins = 0;             // uploads that rely on it; guarded likewise
  std::uint64_t touched = 0;  // the collection since which nobody has come to rely on it; guarded likewise
};

// A record, where it is and what decoding it needs.
struct Found {
  std::shared_ptr<Pack> pack;
  PackEntry entry;
  std::vector<Digest> bases;
};

// A record that was found not to be what it was.
struct DamagedRecord {
  std::string pack;  // its name
  std::uint64_t offset;

  auto operator<=>(const DamagedRecord&) const = default;
};

// Any thread may call any method at any time.
class PackIndex {
 public:
  // Packs that an upload relies on: no collection retires them before the pins are gone, nor does one that
  // had begun before.
  class Pins {
   public:
    explicit Pins(PackIndex& index) : index_(index) {}
    ~Pins();
    Pins(const Pins&) = delete;
    Pins& operator=(const Pins&) = delete;

   private:
    friend class PackIndex;
    PackIndex& index_;
    std::unordered_set<std::shared_ptr<Pack>> packs_;
  };

  // How blobs come into the index: each that was uploaded is leased once, and whoever uploaded it calls
  // release().
  enum class Arrival { uploaded, moved };

  // All records of the packs can be found from now on, those of all at the same moment.
  void add(const std::vector<std::shared_ptr<Pack>>& packs, Arrival arrival);
  void add(std::shared_ptr<Pack> pack, Arrival arrival) { add(std::vector{std::move(pack)}, arrival); }
  // The same for records appended to a pack that was added before.
  void extend(const std::shared_ptr<Pack>& pack, const PackContents& more, std::uint64_t shift,
              Arrival arrival);

  // A copy that is neither dead nor known to be damaged; of several one that needs the shortest chain of
  // others, so that chains stay as long as whoever built upon one of them found it.
  std::optional<Found> find(RecordKind kind, const Digest& id) const;
  // All such copies, the one that find() gives first.
  std::vector<Found> find_all(RecordKind kind, const Digest& id) const;
  // Whether a chunk or page is here, with all that decoding it needs; then it stays for as long as `pins`.
  bool reuse(RecordKind kind, const Digest& id, Pins& pins);
  // The same now; it need not stay.
  bool is_whole(RecordKind kind, const Digest& id) const;
  // A copy that is known to be damaged, if there is one.
  std::optional<Found> find_damaged(RecordKind kind, const Digest& id) const;
  // find() passes this copy over from now on, and an upload of the same bytes stores them anew.
  void mark_damaged(const Found& found);
  // The same of several, which nobody is told of; those that are not there are passed over.
  void mark_damaged(const std::set<DamagedRecord>& records);
  // Takes such a mark back.
  void mark_sound(const Found& found);
  // All that are marked.
  std::vector<DamagedRecord> damaged() const;
  // Tells of every copy that is marked from now on, once, on the thread that found it. Before others use the index.
  void on_damage(std::function<void(const DamagedRecord&)> tell) { tell_damage_ = std::move(tell); }

  std::optional<BlobInfo> stat(const Digest& blob) const;
  std::optional<Sketch> sketch(const Digest& blob) const;
  // False when there is no such blob.
  bool lease(const Digest& blob);
  void release(const Digest& blob);
  std::vector<Digest> blobs() const;  // in ascending order
  BlobTotals totals() const;
  // Blobs of mostly the same tensors, the likeliest first; at most `limit`.
  std::vector<Digest> similar(const Sketch& sketch, std::size_t limit) const;

  // Collections, one at a time. Numbers grow; everything that is relied on later than this call is newer than
  // the result.
  std::uint64_t begin_collection();
  // Blobs leased now, or leased or published since the collection began: roots, like the caller's.
  std::vector<Digest> relied_on(std::uint64_t collection) const;
  // Hides all blobs that are neither in `live` nor relied on, and returns them; but if some are relied on and
  // not in `live`, hides nothing and puts those into `missed`: mark what they need, then ask again. The dead
  // blobs' descriptions, as they are at this moment, are `dead` from now on: only they belong into a dead
  // list, not those that somebody stores anew.
  std::vector<PackBlob> hide_dead(const std::unordered_set<Digest>& live, std::uint64_t collection,
                                  std::vector<Digest>& missed);
  std::vector<std::shared_ptr<Pack>> packs() const;
  // A pack of which not everything could be read, so that what seems missing may be in it; null when there is none.
  std::shared_ptr<Pack> find_unlisted() const;
  // A copy of what the pack holds at the moment.
  PackContents contents(const std::shared_ptr<Pack>& pack) const;
  // Whether somebody relies on the pack, or has since the collection began.
  bool is_relied_on(const std::shared_ptr<Pack>& pack, std::uint64_t collection) const;
  // Takes a pack out of the index, unless somebody relies on it or has since the collection began: then
  // false.
  bool retire(const std::shared_ptr<Pack>& pack, std::uint64_t collection);
  // The same whoever relies on it.
  void remove(const std::shared_ptr<Pack>& pack);

 private:
  struct Blob {
    std::uint64_t size;
    std::uint64_t added;
    Sketch sketch;
    std::size_t leases = 0;
    std::uint64_t touched = 0;
  };
  struct Slot {
    std::uint32_t pack = kEmpty;
    std::uint32_t entry = 0;
  };
  static constexpr std::uint32_t kEmpty = ~std::uint32_t{0};

  static std::size_t hash(RecordKind kind, const Digest& id);
  std::uint32_t number_of(const Pack& pack) const;
  void insert(std::uint32_t pack, std::uint32_t entry);
  void grow(std::size_t entries);
  void add_entries(std::uint32_t pack, std::size_t first);
  void add_blob(const PackBlob& blob, Arrival arrival);
  template <typename Visit>
  void for_each_record(RecordKind kind, const Digest& id, Visit visit) const;
  const PackEntry* locate(RecordKind kind, const Digest& id, std::shared_ptr<Pack>& pack) const;
  bool pin(RecordKind kind, const Digest& id, unsigned depth,
           std::vector<std::shared_ptr<Pack>>& packs) const;
  void take_out(const std::shared_ptr<Pack>& pack);
  bool set_damaged(const Found& found, bool damaged);

  std::function<void(const DamagedRecord&)> tell_damage_;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Pack>> packs_;  // empty where one was retired
  std::vector<Slot> slots_;                   // open addressing, a power of two, at most two thirds full
  std::size_t used_ = 0;
  std::unordered_map<Digest, Blob> blobs_;
  std::unordered_map<std::uint64_t, std::vector<Digest>>
      by_tensor_;  // the latest blobs with that key in their sketch
  BlobTotals totals_;
  std::uint64_t collection_ = 1;
};

}  // namespace assay
