// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/check_record.h"

#include "storage/base/error.h"

namespace assay {
namespace {

// Pages and descriptions are stored as they are.
void check_list(const Found& found, std::span<const std::byte> stored) {
  if (found.entry.kind == RecordKind::blob) {
    decode_recipe(stored);
    return;
  }
  if (Digest::of(stored) != found.entry.id)
    throw Error(Code::corrupt, "its bytes do not have the digest that they should");
  decode_page(stored);
}

bool can_be_read(PackIndex& index, ChunkSource& source, const Digest& chunk) {
  const auto found = index.find(RecordKind::chunk, chunk);
  if (!found) return false;
  try {
    source.read_shared(chunk, found->entry.raw_length);
    return true;
  } catch (const Error& error) {
    if (error.code() != Code::corrupt) throw;
    return false;
  }
}

}  // namespace

RecordCheck check_record(PackIndex& index, ChunkSource& source, const Found& found,
                         std::vector<std::byte>& raw) {
  std::vector<std::byte> record;
  bool sums_hold = false;
  try {
    const auto stored = read_record(*found.pack->file, found.entry, found.bases, record);
    sums_hold = true;
    if (found.entry.kind != RecordKind::chunk) {
      check_list(found, stored);
      return {};
    }
    raw.resize(found.entry.raw_length);
    source.decode(found, raw);
    return {};
  } catch (const Error& error) {
    if (error.code() != Code::corrupt) throw;
    if (sums_hold && found.entry.kind == RecordKind::chunk)
      for (const Digest& base : found.bases)
        if (!can_be_read(index, source, base)) return {RecordState::undecodable, error.message()};
    return {RecordState::damaged, error.message()};
  }
}

}  // namespace assay
