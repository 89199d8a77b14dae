// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/shared_table_memory.h"

#include <algorithm>
#include <bit>

#include "registry/plugin_host/wire/frame.h"

namespace assay {

std::vector<std::shared_ptr<Arena>> SharedTableMemory::arenas() const {
  const std::lock_guard lock(mutex_);
  return arenas_;
}

void* SharedTableMemory::do_allocate(std::size_t bytes, std::size_t) {
  const std::size_t size = (bytes + wire::kAlignment - 1) / wire::kAlignment * wire::kAlignment;
  const std::lock_guard lock(mutex_);
  if (arenas_.empty() || arenas_.back()->bytes().size() - used_ < size) {
    // Twice what is expected, since texts grow by doubling; what is not written takes no memory.
    arenas_.push_back(std::make_shared<Arena>(std::bit_ceil(std::max<std::uint64_t>(2 * expected_, size)),
                                              ArenaWriter::host));
    used_ = 0;
  }
  void* place = arenas_.back()->bytes().data() + used_;
  used_ += size;
  return place;
}

}  // namespace assay
