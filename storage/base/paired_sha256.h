// SPDX-License-Identifier: Apache-2.0
// SHA-256 of a stream and of each of its parts (a file and its chunks) in one pass over the bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "storage/base/cpu.h"
#include "storage/base/digest.h"
#include "storage/base/sha256.h"
#include "storage/base/sha256_blocks.h"

namespace assay {

// One thread at a time. With SHA instructions both digests together cost 1.1 to 1.5 times one of them, without
// them twice.
class PairedSha256 {
 public:
  explicit PairedSha256(Cpu cpu = Cpu::here());

  void update(std::span<const std::byte> bytes);
  // Of the whole alone: for a part that somebody else hashes.
  void update_whole(std::span<const std::byte> bytes);
  // The digest of the bytes since the last `finish_part`, or since the start.
  Digest finish_part();
  // The digest of all bytes since the start; the object then starts a new stream and a new part.
  Digest finish();

 private:
  // A message whose whole blocks are compressed and whose last bytes wait.
  struct Message {
    Sha256State state = kSha256Start;
    std::uint64_t size = 0;
    std::byte waiting[kSha256Block];
  };
  static std::span<const std::byte> fill(Message& message, std::span<const std::byte> bytes);
  static void keep(Message& message, std::span<const std::byte> bytes);
  static Digest close(Message& message);

  bool instructions_;
  Message whole_;
  Message part_;
  std::optional<Sha256> portable_whole_;  // without instructions
  std::optional<Sha256> portable_part_;
};

}  // namespace assay
