// SPDX-License-Identifier: Apache-2.0
#include "registry/client/segments.h"

#include <algorithm>

namespace assay::client {

std::uint64_t travelling(const Segments& segments, std::uint64_t from) {
  std::uint64_t sum = 0;
  std::uint64_t at = 0;
  for (const Segment& segment : segments) {
    const std::uint64_t end = at + segment.length;
    if (segment.travels && end > from) sum += end - std::max(at, from);
    at = end;
  }
  return sum;
}

void SegmentPlanner::add(const ChunkRow& chunk) {
  std::optional<ParentChunks::Place> expected;
  if (!segments_.empty() && !segments_.back().travels)
    expected =
        ParentChunks::Place{segments_.back().parent, segments_.back().source + segments_.back().length};
  std::optional<ParentChunks::Place> place;
  if (const bool full = segments_.size() + 1 >= kMaxSegments; !full) place = parents_.find(chunk, expected);
  const bool goes_on =
      !segments_.empty() && segments_.back().travels == !place && (!place || place == expected);
  if (goes_on)
    segments_.back().length += chunk.length;
  else if (place)
    segments_.push_back({chunk.length, place->offset, place->parent, false});
  else
    segments_.push_back({.length = chunk.length});
}

Segments without_short_copies(const Segments& segments, std::uint64_t least) {
  Segments out;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    Segment segment = segments[i];
    const bool beside =
        (!out.empty() && out.back().travels) || (i + 1 < segments.size() && segments[i + 1].travels);
    if (!segment.travels && segment.length < least && beside) segment = {.length = segment.length};
    if (segment.travels && !out.empty() && out.back().travels)
      out.back().length += segment.length;
    else
      out.push_back(segment);
  }
  return out;
}

}  // namespace assay::client
