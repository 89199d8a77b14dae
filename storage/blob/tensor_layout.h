// SPDX-License-Identifier: Apache-2.0
// Where the tensors of a safetensors file lie, read from its head alone. It only helps to cut and compress: a
// file whose head is not sound is bytes like any other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "storage/blob/chunk_codec.h"

namespace assay {

struct TensorSpan {
  std::uint64_t offset;  // from the start of the file, in bytes
  std::uint64_t size;    // in bytes; never 0
  Element element;
  // FNV-1a (64 bits) of name, dtype and shape, as FORMAT.md says; never 0. The same tensor of another version
  // has the same key.
  std::uint64_t key;
};

// How many bytes of a file tell whether it may have such a head.
inline constexpr std::size_t kTensorHeadPrefix = 9;

// The size of the head, when the file's first kTensorHeadPrefix bytes look like one.
std::optional<std::size_t> tensor_head_size(std::span<const std::byte> start);

// The tensors in order of offset, from `head`, the whole head. None unless the head is sound in all respects:
// bounded JSON, known dtypes, sizes that agree with the shapes, no gaps and no overlaps. Memory in proportion
// to the head.
std::optional<std::vector<TensorSpan>> parse_tensor_head(std::span<const std::byte> head);

}  // namespace assay
