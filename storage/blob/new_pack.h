// SPDX-License-Identifier: Apache-2.0
// A pack that is being written under a temporary's name: it becomes part of the store whole, or not at all.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "storage/blob/pack_index.h"
#include "storage/env/durable_publisher.h"
#include "storage/env/entropy.h"

namespace assay {

// A pack's id as 16 random bytes and as the 32 digits of its name.
struct PackId {
  explicit PackId(Entropy& entropy);

  std::array<std::byte, 16> bytes;
  std::string text;
};

// A pack's name from the 16 bytes of its id, and back.
std::string pack_name_of(std::span<const std::byte, 16> id);
std::array<std::byte, 16> pack_id_of(const std::string& name);

// One thread at a time. Throws as Files does; then, or when it is destroyed before publish(), the temporary
// is removed.
class NewPack {
 public:
  NewPack(Files& files, Entropy& entropy);
  ~NewPack();
  NewPack(const NewPack&) = delete;
  NewPack& operator=(const NewPack&) = delete;

  void append(const RecordBatch& batch) { writer_->append(batch); }
  std::uint64_t size() const { return writer_->size(); }
  // Writes the footer. Nothing may be appended after it.
  void seal() { writer_->seal(); }
  // Makes the sealed pack durable under its name; it is not in any index yet. Call it once.
  std::shared_ptr<Pack> publish(DurablePublisher& publisher);

 private:
  Files& files_;
  std::string name_;
  std::string temp_;  // empty once it was published
  std::unique_ptr<File> file_;
  std::unique_ptr<PackWriter> writer_;
};

// Copies the records of a pack that `wanted` says into `target`, as they are stored, and descriptions that
// are not listed in `contents.blobs` never. Throws corrupt, with a bare clause, for one that does not match
// its sums.
void copy_records(const File& file, const PackContents& contents,
                  const std::function<bool(const PackEntry&)>& wanted, NewPack& target);

}  // namespace assay
