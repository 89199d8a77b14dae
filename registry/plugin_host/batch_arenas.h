// SPDX-License-Identifier: Apache-2.0
// The memory that one worker and its host share, as the host uses it: batches are put into an arena that the worker
// can only read, and taken out of one that it writes. Arenas live as long as the worker, so a call makes none.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "registry/compute/arrow.h"
#include "registry/plugin_host/arena.h"
#include "registry/plugin_host/wire/batch.h"

namespace assay {

class WorkerProcess;

// One thread at a time.
class BatchArenas {
 public:
  static constexpr std::uint64_t kSmallest = 64ull << 20;  // addresses, not memory: pages come with use

  explicit BatchArenas(WorkerProcess& process) : process_(process) {}

  // A batch of `table` for the worker; it is announced with the next frame. Values in SharedTableMemory are not
  // copied, others once. Throws too_large past 2 GiB, and as WorkerProcess::send.
  wire::Payload put(const ArrowSchema& schema, const ArrowArray& batch, const Table& table);
  // Gives the worker room for an answer. Before a call that answers rows.
  void offer_room();
  // A batch of the worker: copied out of what it can write to, then checked.
  ArrayOwner take(const ArrowSchema& schema, const wire::Payload& payload) const;
  // What the worker says of its arenas in its frames: "held", when the plugin keeps rows, whose memory then stays as
  // it is; "wanted", the size of an answer that did not fit.
  void hear(const nlohmann::json& frame);

 private:
  struct Shared {
    std::unique_ptr<Arena> arena;
    std::uint64_t id = 0;
  };
  // A stretch of a table's memory that the worker maps, as long as the table lives.
  struct SharedTable {
    std::weak_ptr<Arena> arena;
    std::uint64_t id = 0;
  };
  wire::Arenas shared_with(const Table& table);
  void forget_tables();
  wire::Target::Place place(std::uint64_t size);
  void send(const Arena& arena, std::uint64_t id, std::string_view use);
  void share(Shared& shared, std::uint64_t size, ArenaWriter writer);

  WorkerProcess& process_;
  Shared input_, output_;
  std::vector<SharedTable> tables_;
  std::uint64_t next_id_ = 1;
  std::uint64_t used_ = 0;  // of input_
  std::uint64_t wanted_ = 0;
  bool held_ = false;
};

}  // namespace assay
