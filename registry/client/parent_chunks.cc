// SPDX-License-Identifier: Apache-2.0
#include "registry/client/parent_chunks.h"

#include <algorithm>
#include <cstring>

#include "registry/client/targets.h"

namespace assay::client {

ParentChunks::Key ParentChunks::key_of(const Digest& digest) {
  Key key;
  std::copy_n(digest.bytes().begin(), key.size(), key.begin());
  return key;
}

void ParentChunks::add(std::uint8_t parent, const ChunkRow& chunk) {
  std::uint64_t& end = ends_.at(parent);
  if (places_.size() < kMaxParentChunks) places_.push_back({key_of(chunk.digest), chunk.length, parent, end});
  end += chunk.length;
}

void ParentChunks::seal() {
  std::sort(places_.begin(), places_.end(), [](const Row& left, const Row& right) {
    if (left.key != right.key) return left.key < right.key;
    return left.parent != right.parent ? left.parent < right.parent : left.offset < right.offset;
  });
}

std::optional<ParentChunks::Place> ParentChunks::find(const ChunkRow& chunk,
                                                      const std::optional<Place>& expected) const {
  const Key key = key_of(chunk.digest);
  const auto first = std::lower_bound(places_.begin(), places_.end(), key,
                                      [](const Row& row, const Key& wanted) { return row.key < wanted; });
  std::optional<Place> found;
  if (first == places_.end() || first->key != key || first->length != chunk.length) return found;
  found = Place{first->parent, first->offset};
  if (!expected || *found == *expected) return found;
  // Equal chunks, such as runs of zeros, are in the order of parent and offset.
  const auto next =
      std::lower_bound(first, places_.end(), *expected, [&](const Row& row, const Place& wanted) {
        if (row.key != key) return false;
        return row.parent != wanted.parent ? row.parent < wanted.parent : row.offset < wanted.offset;
      });
  if (next != places_.end() && next->key == key && Place{next->parent, next->offset} == *expected)
    found = expected;
  return found;
}

bool for_each_chunk_of(Session& session, const Digest& blob,
                       const std::function<void(const ChunkRow&)>& visit) {
  Call call;
  call.method = "GET";
  call.target = blob_target(blob) + "/chunks";
  std::string unread;
  call.on_body = [&](std::string_view bytes) {
    unread.append(bytes);
    const auto all = std::as_bytes(std::span(unread));
    std::size_t done = 0;
    for (; unread.size() - done >= kChunkRowSize; done += kChunkRowSize)
      visit(parse_chunk_row(all.subspan(done).first<kChunkRowSize>()));
    unread.erase(0, done);
    return true;
  };
  Answer answer;
  return session.attempt(call, answer) == Outcome::answered && answer.status == 200 && unread.empty();
}

}  // namespace assay::client
