// SPDX-License-Identifier: Apache-2.0
// The tree over the entries of a log, as RFC 6962, section 2.1, and RFC 9162, section 2.1, define it over SHA-256: a leaf
// is the hash of 0x00 and the entry, a node that of 0x01 and its two children. Pure; who keeps the nodes lends them.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "storage/base/digest.h"

namespace assay {

// A log at one moment.
struct TreeHead {
  std::uint64_t size = 0;  // entries
  Digest root;

  bool operator==(const TreeHead&) const = default;
};

// A subtree with 2^level leaves, of which the first has the index position·2^level. Only whole ones are kept: they
// never change.
struct TreeNode {
  int level = 0;
  std::uint64_t position = 0;
};
using ReadNode = std::function<Digest(const TreeNode&)>;
using WriteNode = std::function<void(const TreeNode&, const Digest&)>;

// The leaves from `begin` to before `end`.
struct LeafRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

Digest leaf_hash(std::string_view entry);
Digest parent_hash(const Digest& left, const Digest& right);

// Writes the nodes that become whole when `leaf` follows `size` others: one, and on average one more. Reads only their
// left neighbours.
void grow_tree(std::uint64_t size, const Digest& leaf, const ReadNode& read, const WriteNode& write);

// Of the first `size` leaves, from some log2(size) nodes; that of none is the hash of nothing.
Digest tree_root(std::uint64_t size, const ReadNode& read);
// Of a range that inclusion_path or consistency_path named.
Digest range_hash(const LeafRange& range, const ReadNode& read);

// The subtrees whose hashes, in this order, prove that leaf `index` is in the tree of `size` leaves (index < size), or
// that the tree of `to` leaves continues that of `from` (1 ≤ from ≤ to).
std::vector<LeafRange> inclusion_path(std::uint64_t index, std::uint64_t size);
std::vector<LeafRange> consistency_path(std::uint64_t from, std::uint64_t to);
std::vector<Digest> proof_of(const std::vector<LeafRange>& path, const ReadNode& read);

// RFC 9162, sections 2.1.3.2 and 2.1.4.2. Any proof is answered, never thrown at.
bool proves_inclusion(const TreeHead& head, std::uint64_t index, const Digest& leaf, const std::vector<Digest>& proof);
bool proves_consistency(const TreeHead& from, const TreeHead& to, const std::vector<Digest>& proof);

// A tree that is read from left to right, of which only what its root needs is kept. One thread at a time.
class GrowingTree {
 public:
  // `write`, when given, is shown each node that becomes whole.
  void add(const Digest& leaf, const WriteNode& write = {});
  std::uint64_t size() const { return size_; }
  Digest root() const;

 private:
  std::uint64_t size_ = 0;
  std::vector<Digest> peaks_;  // of the whole subtrees that the size is made of, the largest first
};

}  // namespace assay
