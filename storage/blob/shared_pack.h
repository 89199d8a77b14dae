// SPDX-License-Identifier: Apache-2.0
// The pack that small uploads share: each appends its records, and uploads that end together share one sync.
#pragma once

#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <vector>

#include "storage/blob/pack_index.h"
#include "storage/env/durable_publisher.h"
#include "storage/env/entropy.h"

namespace assay {

// Any thread may call any method at any time.
class SharedPack {
 public:
  SharedPack(Files& files, Entropy& entropy, DurablePublisher& publisher, PackIndex& index)
      : files_(files), entropy_(entropy), publisher_(publisher), index_(index) {}

  // The batch is durable and in the index, as an upload's, when this returns. When it throws nothing of it is
  // in the index; after unavailable it may be there, whole, when the store is opened again.
  void commit(const RecordBatch& batch);

 private:
  struct Waiting {
    const RecordBatch* batch;
    std::exception_ptr failure = nullptr;
    bool done = false;
  };

  void write(const std::vector<Waiting*>& group);
  void start_pack();
  void close_when_full();

  Files& files_;
  Entropy& entropy_;
  DurablePublisher& publisher_;
  PackIndex& index_;

  std::mutex mutex_;  // guards the next three
  std::condition_variable changed_;
  std::vector<Waiting*> queue_;
  bool writing_ = false;

  // Touched only by the thread that set writing_.
  std::shared_ptr<Pack> pack_;
  std::unique_ptr<PackWriter> writer_;
};

}  // namespace assay
