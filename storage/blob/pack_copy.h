// SPDX-License-Identifier: Apache-2.0
// Moves records into a new pack: what collections and repairs make of older ones.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "storage/blob/new_pack.h"

namespace assay {

// One thread at a time. Nothing is part of the store before publish().
class PackCopy {
 public:
  PackCopy(Files& files, Entropy& entropy, DurablePublisher& publisher)
      : files_(files), entropy_(entropy), publisher_(publisher) {}

  // Those records of `pack`, which holds `contents`, that are wanted, as they are. False when one of them
  // does not match its sums, and then others may have been copied. Throws as Files does; then the copy is
  // lost.
  bool add(const Pack& pack, const PackContents& contents,
           const std::function<bool(const PackEntry&)>& wanted);
  // A record made elsewhere.
  void add(const RecordBatch& record) { target().append(record); }

  bool empty() const { return !pack_ || pack_->size() <= kPackHeaderSize; }
  std::uint64_t size() const { return pack_ ? pack_->size() : 0; }
  // Makes what was copied a pack of the store, durable and in `index` on return, and begins anew. Not when
  // empty. That pack.
  std::shared_ptr<Pack> publish(PackIndex& index);

 private:
  NewPack& target();

  Files& files_;
  Entropy& entropy_;
  DurablePublisher& publisher_;
  std::unique_ptr<NewPack> pack_;
};

}  // namespace assay
