// SPDX-License-Identifier: Apache-2.0
// A file as a row of segments: those that travel, and those that the other side copies from blobs that it
// has. Uploads and downloads plan with it alike.
#pragma once

#include <cstdint>
#include <vector>

#include "registry/client/parent_chunks.h"

namespace assay::client {

// Segments beyond this many become one that travels; 500 000 take 16 MiB.
inline constexpr std::size_t kMaxSegments = 500'000;

struct Segment {
  std::uint64_t length;
  std::uint64_t source = 0;  // offset in the parent
  std::uint8_t parent = 0;
  bool travels = true;  // then it has no source

  bool operator==(const Segment&) const = default;
};

// In the order of the file; the lengths add up to its size.
using Segments = std::vector<Segment>;

std::uint64_t travelling(const Segments& segments, std::uint64_t from);  // bytes of the file

// Puts the chunks of a file together to segments as long as can be.
class SegmentPlanner {
 public:
  // Borrows the parents, which are sealed.
  explicit SegmentPlanner(const ParentChunks& parents) : parents_(parents) {}

  void add(const ChunkRow& chunk);
  Segments take() { return std::move(segments_); }

 private:
  const ParentChunks& parents_;
  Segments segments_;
};

// Lets what is copied travel too where it is shorter than `least` bytes and stands beside what travels: a
// request more would cost more than the bytes.
Segments without_short_copies(const Segments& segments, std::uint64_t least);

}  // namespace assay::client
