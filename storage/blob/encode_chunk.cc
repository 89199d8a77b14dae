// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/encode_chunk.h"

#include <algorithm>

#include "storage/base/error.h"
#include "storage/base/limits.h"

namespace assay {
namespace {

class Borrowed {
 public:
  explicit Borrowed(Encoders& encoders) : encoders_(encoders), encoder_(encoders.take()) {}
  ~Borrowed() { encoders_.give_back(std::move(encoder_)); }
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;

  ChunkEncoder* operator->() const { return encoder_.get(); }

 private:
  Encoders& encoders_;
  std::unique_ptr<ChunkEncoder> encoder_;
};

// The bases' bytes one after the other, in `joined` where there is more than one; `depth` becomes that of a
// chunk stored against them.
std::span<const std::byte> parent_bytes(StoreParts& parts, const std::vector<ChunkInfo>& bases,
                                        std::vector<ChunkBytes>& held, std::vector<std::byte>& joined,
                                        unsigned& depth) {
  depth = 0;
  for (const ChunkInfo& base : bases) {
    held.push_back(parts.source.read_base(base.digest, base.length));
    const auto found = parts.index.find(RecordKind::chunk, base.digest);
    if (!found) throw Error(Code::corrupt, "a base has just been found damaged");
    depth = std::max<unsigned>(depth, found->entry.depth + 1u);
  }
  if (held.size() == 1) return *held.front();
  for (const ChunkBytes& bytes : held) joined.insert(joined.end(), bytes->begin(), bytes->end());
  return joined;
}

RecordBatch record_of(StoreParts& parts, const NewChunk& chunk, const EncodedChunk& encoded,
                      const std::vector<ChunkInfo>& bases, unsigned depth) {
  Record record{.kind = RecordKind::chunk,
                .codec = encoded.codec,
                .element = chunk.element,
                .raw_length = static_cast<std::uint32_t>(chunk.raw.size()),
                .id = chunk.digest};
  if (uses_parent(encoded.codec)) {
    record.depth = static_cast<std::uint8_t>(depth);
    for (const ChunkInfo& base : bases) record.bases.push_back(base.digest);
  }
  RecordBatch batch{parts.buffers.take(), {}};
  batch.add(record, encoded.bytes);
  return batch;
}

}  // namespace

RecordBatch encode_chunk(StoreParts& parts, const NewChunk& chunk, Parents* parents) {
  Borrowed encoder(parts.encoders);
  RecordBatch best;
  std::vector<std::size_t> stored;
  for (const Parents::Choice& choice : chunk.choices) {
    std::vector<ChunkBytes> held;
    std::vector<std::byte> joined;
    unsigned depth = 0;
    std::span<const std::byte> parent;
    try {
      parent = parent_bytes(parts, choice.bases, held, joined, depth);
    } catch (const Error& error) {
      if (error.code() != Code::corrupt) throw;
      continue;  // a parent that cannot be read is no parent
    }
    if (depth > kMaxDepth) continue;  // another copy of it has taken its place
    RecordBatch batch =
        record_of(parts, chunk, encoder->encode(chunk.raw, chunk.element, parent), choice.bases, depth);
    stored.push_back(batch.bytes.size());
    if (best.bytes.empty() || batch.bytes.size() < best.bytes.size()) best = std::move(batch);
  }
  if (stored.size() > 1 && stored.size() == chunk.choices.size()) parents->score(chunk.choices, stored);
  if (best.bytes.empty())
    best = record_of(parts, chunk, encoder->encode(chunk.raw, chunk.element, {}), {}, 0);
  return best;
}

}  // namespace assay
