// SPDX-License-Identifier: Apache-2.0
// Stored bytes that anyone may have written, into the chunk decoder, by its vector and its portable code:
// both must throw, or give the same bytes, and touch nothing else. Input: codec; log-like raw length;
// parent's length; then stored bytes.
#include <cstdlib>
#include <vector>

#include "storage/base/error.h"
#include "storage/blob/chunk_codec.h"
#include "tests/fuzz/chunk_input.h"
#include "tests/fuzz/harness.h"

using namespace assay;

namespace {

// The decoder's buffers on the heap and exactly as long as what they hold, so that the sanitizers see every
// step beyond.
struct Outcome {
  bool thrown = false;
  std::vector<std::byte> raw;
};

Outcome decode(ChunkDecoder& decoder, std::uint32_t codec, std::span<const std::byte> stored,
               const std::vector<std::byte>& parent, std::size_t size) {
  Outcome outcome;
  outcome.raw.resize(size);
  try {
    decoder.decode(codec, stored, parent, outcome.raw);
  } catch (const Error&) {
    outcome.thrown = true;
  }
  return outcome;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static ChunkDecoder vector_decoder;
  static ChunkDecoder portable_decoder{Cpu{}};
  if (size < fuzz::kChunkHeader) return 0;
  const std::uint32_t codec = data[0] % 6;
  const std::size_t raw_size = (data[1] + 256U * data[2]) % (fuzz::kMaxRaw + 1);
  const auto parent = fuzz::chunk_parent(data[3] % 2 == 0 ? raw_size : data[3]);
  const std::vector<std::byte> stored(reinterpret_cast<const std::byte*>(data) + fuzz::kChunkHeader,
                                      reinterpret_cast<const std::byte*>(data) + size);
  const Outcome one = decode(vector_decoder, codec, stored, parent, raw_size);
  const Outcome other = decode(portable_decoder, codec, stored, parent, raw_size);
  if (one.thrown != other.thrown || (!one.thrown && one.raw != other.raw)) std::abort();
  return 0;
}
