// SPDX-License-Identifier: Apache-2.0
// The parts of a local blob store that its uploads and readers work with.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "storage/base/limits.h"
#include "storage/blob/buffers.h"
#include "storage/blob/chunk_codec.h"
#include "storage/blob/chunk_source.h"
#include "storage/blob/pack_index.h"
#include "storage/blob/shared_pack.h"
#include "storage/blob/workers.h"
#include "storage/env/durable_publisher.h"
#include "storage/env/entropy.h"
#include "storage/env/files.h"

namespace assay {

// Encoders that nobody uses at the moment; kept, because their tables are dear to make. Any thread.
class Encoders {
 public:
  std::unique_ptr<ChunkEncoder> take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return std::make_unique<ChunkEncoder>();
    auto encoder = std::move(idle_.back());
    idle_.pop_back();
    return encoder;
  }
  void give_back(std::unique_ptr<ChunkEncoder> encoder) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(encoder));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<ChunkEncoder>> idle_;
};

// When packs are closed, in bytes. Not part of the format.
struct PackSizes {
  std::uint64_t own = kPackSize;
  std::uint64_t shared = kSharedPackSize;
  std::size_t shared_upload = kSharedUpload;
};

// Outlives every upload and reader.
struct StoreParts {
  StoreParts(Files& the_files, Entropy& the_entropy, std::size_t threads, const PackSizes& the_sizes)
      : files(the_files),
        entropy(the_entropy),
        sizes(the_sizes),
        publisher(the_files),
        source(index),
        shared(the_files, the_entropy, publisher, index, the_sizes.shared),
        workers(threads) {}

  Files& files;
  Entropy& entropy;
  const PackSizes sizes;
  DurablePublisher publisher;
  PackIndex index;
  ChunkSource source;
  SharedPack shared;
  Encoders encoders;
  Buffers buffers{2 * kUploadWindow};
  Workers workers;  // the last, so that no thread outlives what it works with
};

}  // namespace assay
