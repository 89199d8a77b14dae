// SPDX-License-Identifier: Apache-2.0
// Any bytes as the head of a safetensors file and as a file to be cut: the chunks are the file, however it
// arrives.
#include "tests/fuzz/harness.h"

#include <cstdlib>

#include "storage/base/limits.h"
#include "storage/blob/chunk_stream.h"

namespace assay {
namespace {

void check_head(std::span<const std::byte> bytes) {
  const auto tensors = parse_tensor_head(bytes);
  if (!tensors) return;
  std::uint64_t expected = bytes.size();
  for (const TensorSpan& tensor : *tensors) {
    if (tensor.offset != expected || tensor.size == 0 || tensor.key == 0) std::abort();
    expected += tensor.size;
  }
}

std::vector<std::pair<Digest, std::uint32_t>> cut(std::span<const std::byte> bytes, std::size_t step) {
  std::vector<std::pair<Digest, std::uint32_t>> chunks;
  std::uint64_t total = 0;
  ChunkStream stream([&](const Cut& cut, std::span<const std::byte> chunk) {
    if (cut.length != chunk.size() || cut.length == 0 || cut.length > kMaxChunk) std::abort();
    chunks.emplace_back(stream.hash_chunk(), cut.length);
    total += cut.length;
  });
  for (std::size_t at = 0; at < bytes.size(); at += step)
    stream.write(bytes.subspan(at, std::min(step, bytes.size() - at)));
  if (stream.finish() != Digest::of(bytes) || total != bytes.size()) std::abort();
  return chunks;
}

}  // namespace
}  // namespace assay

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  assay::check_head(bytes);
  if (assay::cut(bytes, size + 1) != assay::cut(bytes, 1 + size / 7)) std::abort();
  return 0;
}
