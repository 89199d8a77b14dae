// SPDX-License-Identifier: Apache-2.0
// The blobs of the golden store, and how the store was made from them.
#pragma once

#include <string>
#include <vector>

#include "storage/blob/local_blob_store.h"
#include "tests/support/bytes.h"
#include "tests/support/simulated_disk.h"
#include "tests/support/tensor_file.h"
#include "tests/support/weights.h"

namespace assay::test {

// Counts, so that ids are the same each time.
class CountedEntropy final : public Entropy {
 public:
  void fill(std::span<std::byte> out) override {
    for (std::byte& byte : out) byte = static_cast<std::byte>(++count_);
  }

 private:
  unsigned count_ = 0;
};

struct GoldenBlob {
  std::string bytes;
  int parent = -1;  // the number of the blob that it was stored against
};

inline std::string golden_model(Element element, const std::string& dtype,
                                const std::vector<float>& weights) {
  return tensor_file({{"w", dtype, {weights.size()}, stored_as(element, weights)}});
}

inline std::vector<GoldenBlob> golden_blobs() {
  const auto base = made_weights(4000, 1), tuned = made_fine_tune(base, 1e-5, 2);
  const std::string table = table_bytes(3000, 1);
  std::string edited = table;
  edited.insert(1500, "one row more\n");
  return {{""},
          {"short"},
          {random_bytes(300, 1)},
          {table},
          {edited, 3},
          {golden_model(Element::bf16, "BF16", base)},
          {golden_model(Element::bf16, "BF16", tuned), 5},
          {golden_model(Element::f32, "F32", {base.begin(), base.begin() + 1500})},
          {golden_model(Element::f32, "F32", {tuned.begin(), tuned.begin() + 1500}), 7}};
}

// One sealed pack with all but the last blob, and an open one with that.
inline SimulatedDisk::Tree make_golden_store() {
  SimulatedDisk disk;
  CountedEntropy entropy;
  const auto blobs = golden_blobs();
  const auto upload = [&](BlobStore& store, const GoldenBlob& blob) {
    UploadOptions options;
    if (blob.parent >= 0) options.parents = {Digest::of(blobs[static_cast<std::size_t>(blob.parent)].bytes)};
    const auto one = store.begin_upload(options);
    one->write(as_span(blob.bytes));
    one->finish();
  };
  {
    LocalBlobStore store(disk, entropy, 0);
    for (std::size_t i = 0; i + 1 < blobs.size(); ++i) upload(store, blobs[i]);
  }
  LocalBlobStore store(disk, entropy, 0);
  upload(store, blobs.back());
  // A description that is dead: of the blob "short", in the sealed pack.
  for (const FileEntry& entry : disk.list("packs"))
    if (entry.name.ends_with(".pack"))
      disk.create("dead/" + std::string(32, '1'))
          ->append(encode_dead_list({{entry.name.substr(0, 32), Digest::of("short")}}));
  return disk.tree();
}

}  // namespace assay::test
