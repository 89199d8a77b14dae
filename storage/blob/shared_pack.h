// SPDX-License-Identifier: Apache-2.0
// The pack that small uploads share: each appends its records, and uploads that end together share one sync.
#pragma once

#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "storage/blob/pack_index.h"
#include "storage/env/durable_publisher.h"
#include "storage/env/entropy.h"

namespace assay {

// Any thread may call any method at any time.
class SharedPack {
 public:
  // The pack is closed when it has grown to `full` bytes.
  SharedPack(Files& files, Entropy& entropy, DurablePublisher& publisher, PackIndex& index,
             std::uint64_t full)
      : files_(files), entropy_(entropy), publisher_(publisher), index_(index), full_(full) {}

  // The records are durable and in the index, as one upload's, when this returns. When it throws none of them
  // is in the index; after unavailable they may be there, all of them, when the store is opened again.
  void commit(std::span<const RecordBatch> records);

  // Nothing is appended to the present pack any more; the next upload begins another.
  void close();

 private:
  struct Waiting {
    std::span<const RecordBatch> records;
    std::exception_ptr failure = nullptr;
    bool done = false;
    std::condition_variable changed{};  // it is done, or may write
  };

  void write(const std::vector<Waiting*>& group);
  void start_pack();
  void seal_pack();
  void stop_writing();

  Files& files_;
  Entropy& entropy_;
  DurablePublisher& publisher_;
  PackIndex& index_;
  const std::uint64_t full_;

  std::mutex mutex_;  // guards the next three
  std::condition_variable changed_;  // nobody writes, for close()
  std::vector<Waiting*> queue_;
  bool writing_ = false;

  // Touched only by the thread that set writing_.
  std::shared_ptr<Pack> pack_;
  std::unique_ptr<PackWriter> writer_;
};

}  // namespace assay
