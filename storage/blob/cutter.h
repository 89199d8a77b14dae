// SPDX-License-Identifier: Apache-2.0
// Decides where a file is cut into chunks: tensors into blocks counted from their own start, so that the same
// place in another version is the same block; everything else where its content says (gear.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "storage/blob/tensor_layout.h"

namespace assay {

struct Cut {
  std::uint32_t length;  // of the chunk, in bytes
  Element element = Element::bytes;
  std::uint64_t tensor = 0;            // the key of the tensor that it is a block of; 0 for none
  std::uint64_t offset_in_tensor = 0;  // in bytes
};

// What tells files of the same tensors from others: the smallest keys of their tensors in ascending order,
// each once, 0 where there are fewer. All 0 for a file without tensors.
using Sketch = std::array<std::uint64_t, 4>;

// One file, from its start to its end. One thread at a time.
class Cutter {
 public:
  // How many bytes next() must be shown, unless the file ends before; more may turn out to be needed once so
  // many are there. `ahead` is what comes next in the file. At most kMaxTensorHead.
  std::size_t needed(std::span<const std::byte> ahead);
  // The chunk at the front of `ahead`, which is not empty and holds the needed bytes or all that are left.
  Cut next(std::span<const std::byte> ahead);
  // Of the head; all 0 before it was seen.
  const Sketch& sketch() const { return sketch_; }

 private:
  void begin(std::span<const std::byte> ahead);
  Cut next_block(std::span<const std::byte> ahead);

  bool begun_ = false;
  std::size_t head_left_ = 0;  // bytes of the head not yet cut
  std::vector<TensorSpan> tensors_;
  std::size_t tensor_ = 0;  // the present one
  std::uint64_t done_in_tensor_ = 0;
  Sketch sketch_{};
};

}  // namespace assay
