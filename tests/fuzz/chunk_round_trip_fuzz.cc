// SPDX-License-Identifier: Apache-2.0
// Any bytes, as any element, against any parent: what the encoder makes is never longer and decodes to the
// same bytes, by vector and by portable code alike. Input: element; where the parent begins; then the
// parent's bytes and the chunk's.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "storage/blob/chunk_codec.h"
#include "tests/fuzz/harness.h"

using namespace assay;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static ChunkEncoder encoder;
  static ChunkDecoder decoder;
  static ChunkDecoder portable_decoder{Cpu{}};
  if (size < 2 || size > 65536) return 0;
  const auto element = static_cast<Element>(data[0] % 5);
  const std::span bytes(reinterpret_cast<const std::byte*>(data) + 2, size - 2);
  const std::size_t half = data[1] % 4 == 0 ? bytes.size() * data[1] / 256 : bytes.size() / 2;
  const auto parent = bytes.first(half);
  const auto raw = bytes.subspan(half, data[1] % 4 == 0 ? bytes.size() - half : half);
  const EncodedChunk encoded = encoder.encode(raw, element, parent);
  if (encoded.bytes.size() > raw.size()) std::abort();
  for (ChunkDecoder* one : {&decoder, &portable_decoder}) {
    std::vector<std::byte> decoded(raw.size());
    one->decode(static_cast<std::uint32_t>(encoded.codec), encoded.bytes,
                uses_parent(encoded.codec) ? parent : std::span<const std::byte>(), decoded);
    if (!std::equal(raw.begin(), raw.end(), decoded.begin())) std::abort();
  }
  return 0;
}
