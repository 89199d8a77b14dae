// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/wire/frame.h"

#include <new>

namespace assay::wire {

Payload::Payload(std::size_t size) : size_(size) {
  if (size == 0) return;
  // Left uninitialised: the reader of a frame fills all of it, and pages that never arrive are never touched.
  const std::size_t rounded = (size + kAlignment - 1) / kAlignment * kAlignment;
  auto* bytes = static_cast<std::byte*>(std::aligned_alloc(kAlignment, rounded));
  if (bytes == nullptr) throw std::bad_alloc();
  bytes_ = std::shared_ptr<std::byte[]>(bytes, [](std::byte* memory) { std::free(memory); });
}

}  // namespace assay::wire
