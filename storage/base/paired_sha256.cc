// SPDX-License-Identifier: Apache-2.0
#include "storage/base/paired_sha256.h"

#include <algorithm>
#include <cstring>

namespace assay {

PairedSha256::PairedSha256(Cpu cpu) : instructions_(cpu.sha) {
  if (instructions_) return;  // OpenSSL's contexts cost more than a small file's hash
  portable_whole_.emplace();
  portable_part_.emplace();
}

// Completes a block that waits; what is left begins at a block of the message, or is empty.
std::span<const std::byte> PairedSha256::fill(Message& message, std::span<const std::byte> bytes) {
  const std::size_t waiting = message.size % kSha256Block;
  if (waiting == 0) return bytes;
  const std::size_t taken = std::min(kSha256Block - waiting, bytes.size());
  std::memcpy(message.waiting + waiting, bytes.data(), taken);
  message.size += taken;
  if (waiting + taken == kSha256Block) sha256_blocks(message.state, message.waiting, 1);
  return bytes.subspan(taken);
}

void PairedSha256::keep(Message& message, std::span<const std::byte> bytes) {
  const std::size_t blocks = bytes.size() / kSha256Block;
  if (blocks > 0) sha256_blocks(message.state, bytes.data(), blocks);
  const auto rest = bytes.subspan(blocks * kSha256Block);
  if (!rest.empty()) std::memcpy(message.waiting, rest.data(), rest.size());
  message.size += bytes.size();
}

void PairedSha256::update(std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  if (!instructions_) {
    portable_whole_->update(bytes);
    portable_part_->update(bytes);
    return;
  }
  auto whole = fill(whole_, bytes);
  auto part = fill(part_, bytes);
  const std::size_t both = std::min(whole.size(), part.size()) / kSha256Block;
  if (both > 0) {
    sha256_blocks(whole_.state, whole.data(), part_.state, part.data(), both);
    whole_.size += both * kSha256Block;
    part_.size += both * kSha256Block;
    whole = whole.subspan(both * kSha256Block);
    part = part.subspan(both * kSha256Block);
  }
  keep(whole_, whole);
  keep(part_, part);
}

void PairedSha256::update_whole(std::span<const std::byte> bytes) {
  if (instructions_)
    keep(whole_, fill(whole_, bytes));
  else
    portable_whole_->update(bytes);
}

// FIPS 180-4, 5.1.1: a one bit, zeros, and the length in bits, big-endian, at the end of a block.
Digest PairedSha256::close(Message& message) {
  std::byte last[2 * kSha256Block] = {};
  const std::size_t waiting = message.size % kSha256Block;
  std::memcpy(last, message.waiting, waiting);
  last[waiting] = std::byte{0x80};
  const std::size_t blocks = waiting + 9 <= kSha256Block ? 1 : 2;
  for (unsigned i = 0; i < 8; ++i)
    last[blocks * kSha256Block - 1 - i] = static_cast<std::byte>(message.size * 8 >> (8 * i));
  sha256_blocks(message.state, last, blocks);
  Digest::Bytes digest;
  for (std::size_t i = 0; i < digest.size(); ++i)
    digest[i] = static_cast<unsigned char>(message.state[i / 4] >> (24 - 8 * (i % 4)));
  message.state = kSha256Start;
  message.size = 0;
  return Digest(digest);
}

Digest PairedSha256::finish_part() {
  return instructions_ ? close(part_) : portable_part_->finish();
}

Digest PairedSha256::finish() {
  if (!instructions_ || part_.size > 0) finish_part();
  return instructions_ ? close(whole_) : portable_whole_->finish();
}

}  // namespace assay
