// SPDX-License-Identifier: Apache-2.0
// The parts of a local blob store that its uploads and readers work with.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "storage/base/byte_size.h"
#include "storage/base/limits.h"
#include "storage/blob/buffers.h"
#include "storage/blob/chunk_codec.h"
#include "storage/blob/chunk_source.h"
#include "storage/blob/damage_list.h"
#include "storage/blob/pack_index.h"
#include "storage/blob/shared_pack.h"
#include "storage/blob/workers.h"
#include "storage/env/durable_publisher.h"
#include "storage/env/entropy.h"
#include "storage/env/files.h"

namespace assay {

// Encoders that nobody uses at the moment; kept, because their tables are dear to make. They are megabytes, and encoding
// is work for processors: however many uploads there are, no more than `most` encode at once. Any thread.
class Encoders {
 public:
  explicit Encoders(std::size_t most) : most_(most) {}

  // Waits for one that is given back when there are `most`. Who has one takes no other.
  std::unique_ptr<ChunkEncoder> take() {
    std::unique_lock lock(mutex_);
    given_back_.wait(lock, [this] { return !idle_.empty() || made_ < most_; });
    if (idle_.empty()) {
      idle_.push_back(std::make_unique<ChunkEncoder>());
      ++made_;
    }
    auto encoder = std::move(idle_.back());
    idle_.pop_back();
    return encoder;
  }
  void give_back(std::unique_ptr<ChunkEncoder> encoder) {
    {
      const std::lock_guard lock(mutex_);
      idle_.push_back(std::move(encoder));
    }
    given_back_.notify_one();
  }

 private:
  const std::size_t most_;
  std::mutex mutex_;
  std::condition_variable given_back_;
  std::size_t made_ = 0;
  std::vector<std::unique_ptr<ChunkEncoder>> idle_;
};

// When packs are closed, in bytes. Not part of the format.
struct PackSizes {
  std::uint64_t own = kPackSize;
  std::uint64_t shared = kSharedPackSize;
  std::size_t shared_upload = kSharedUpload;
};

// What all uploads hold in memory, raw or encoded, until it is written; counted by themselves. An upload makes do with little
// while the others hold more than kShared; one alone always has what is fastest. Any thread.
class UploadMemory {
 public:
  void take(std::size_t bytes) { held_ += bytes; }
  void give_back(std::size_t bytes) { held_ -= bytes; }
  bool is_scarce_beside(std::size_t own) const { return held_ > own + kShared; }

 private:
  static constexpr std::size_t kShared = 8 * kMiB;

  std::atomic<std::size_t> held_ = 0;
};

// Outlives every upload and reader.
struct StoreParts {
  StoreParts(Files& the_files, Entropy& the_entropy, std::size_t threads, const PackSizes& the_sizes)
      : files(the_files),
        entropy(the_entropy),
        sizes(the_sizes),
        publisher(the_files),
        damage(the_files, the_entropy, publisher, index),
        source(index),
        shared(the_files, the_entropy, publisher, index, the_sizes.shared),
        encoders(threads + 1),
        workers(threads) {}

  Files& files;
  Entropy& entropy;
  const PackSizes sizes;
  DurablePublisher publisher;
  PackIndex index;
  DamageList damage;
  ChunkSource source;
  SharedPack shared;
  Encoders encoders;
  Buffers buffers{2 * kUploadWindow};
  UploadMemory upload_memory;
  Workers workers;  // the last, so that no thread outlives what it works with
};

}  // namespace assay
