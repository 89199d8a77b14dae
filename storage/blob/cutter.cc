// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/cutter.h"

#include <algorithm>

#include "storage/base/limits.h"
#include "storage/blob/gear.h"

namespace assay {
namespace {

Sketch sketch_of(const std::vector<TensorSpan>& tensors) {
  std::vector<std::uint64_t> keys;
  keys.reserve(tensors.size());
  for (const TensorSpan& tensor : tensors) keys.push_back(tensor.key);
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  Sketch sketch{};
  std::copy_n(keys.begin(), std::min(keys.size(), sketch.size()), sketch.begin());
  return sketch;
}

}  // namespace

std::size_t Cutter::needed(std::span<const std::byte> ahead) {
  if (!begun_) {
    if (ahead.size() < kTensorHeadPrefix) return kTensorHeadPrefix;
    const auto head = tensor_head_size(ahead);
    if (head && ahead.size() < *head) return *head;
    begin(ahead);  // a head that turns out not to be one must not end a chunk where it would have ended
  }
  if (head_left_ > 0) return std::min<std::size_t>(head_left_, kGearMax);
  if (tensor_ < tensors_.size())
    return std::min<std::uint64_t>(tensors_[tensor_].size - done_in_tensor_, kTensorBlockSize);
  return kGearMax;
}

void Cutter::begin(std::span<const std::byte> ahead) {
  begun_ = true;
  const auto head = tensor_head_size(ahead);
  if (!head || *head > ahead.size()) return;
  auto tensors = parse_tensor_head(ahead.first(*head));
  if (!tensors) return;
  head_left_ = *head;
  tensors_ = *std::move(tensors);
  sketch_ = sketch_of(tensors_);
}

// A file that ends before its head says so has a short last block; what follows the last tensor is cut by
// content.
Cut Cutter::next(std::span<const std::byte> ahead) {
  if (!begun_) begin(ahead);
  if (head_left_ > 0) {
    const std::size_t length = gear_cut(ahead.first(std::min(head_left_, ahead.size())));
    head_left_ -= length;
    return {static_cast<std::uint32_t>(length)};
  }
  if (tensor_ < tensors_.size()) return next_block(ahead);
  return {static_cast<std::uint32_t>(gear_cut(ahead))};
}

Cut Cutter::next_block(std::span<const std::byte> ahead) {
  const TensorSpan& tensor = tensors_[tensor_];
  const auto length =
      std::min<std::uint64_t>({tensor.size - done_in_tensor_, kTensorBlockSize, ahead.size()});
  const Cut cut{static_cast<std::uint32_t>(length), tensor.element, tensor.key, done_in_tensor_};
  done_in_tensor_ += length;
  if (done_in_tensor_ == tensor.size) {
    ++tensor_;
    done_in_tensor_ = 0;
  }
  return cut;
}

}  // namespace assay
