// SPDX-License-Identifier: Apache-2.0
// Where in some stored blobs each of their chunks is: a file that resembles them is sent, or fetched, as what
// they lack.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "registry/client/session.h"
#include "registry/domain/transfer_format.h"

namespace assay::client {

// Chunks beyond this many, of all parents together, are not remembered, and their bytes travel: memory stays
// below 32 MiB. They are those of 64 GB of tables, or of a terabyte of tensors.
inline constexpr std::size_t kMaxParentChunks = 1'000'000;

class ParentChunks {
 public:
  // The next chunk of parent number `parent`, whose chunks come in order.
  void add(std::uint8_t parent, const ChunkRow& chunk);
  // After the last one.
  void seal();

  bool empty() const { return places_.empty(); }

  struct Place {
    std::uint8_t parent;
    std::uint64_t offset;
    bool operator==(const Place&) const = default;
  };
  // Where a chunk is; `expected` if it is there too, for copies that go on are fewer and longer.
  std::optional<Place> find(const ChunkRow& chunk, const std::optional<Place>& expected) const;

 private:
  // Half of a digest is enough to find bytes with: what is put together from them is verified as a whole.
  using Key = std::array<unsigned char, 16>;
  struct Row {
    Key key;
    std::uint32_t length;
    std::uint8_t parent;
    std::uint64_t offset;
  };
  static Key key_of(const Digest& digest);

  std::vector<Row> places_;
  std::array<std::uint64_t, 256> ends_{};  // of what was added of each parent
};

// Calls `visit` for every chunk of a stored blob, as far as they come: a server that does not tell, or a
// connection that breaks, only means that fewer bytes can be spared. False unless it was all of them.
bool for_each_chunk_of(Session& session, const Digest& blob,
                       const std::function<void(const ChunkRow&)>& visit);

}  // namespace assay::client
