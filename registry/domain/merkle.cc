// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/merkle.h"

#include <algorithm>
#include <array>
#include <bit>
#include <span>
#include <string>

namespace assay {
namespace {

// Where a range of at least two leaves parts: the largest power of two below its length (RFC 6962's k).
std::uint64_t middle(const LeafRange& range) {
  return range.begin + std::bit_floor(range.end - range.begin - 1);
}

// Whether `range` is a node: its begin is a multiple of its length wherever a path of ours comes to it.
bool whole(const LeafRange& range) {
  return std::has_single_bit(range.end - range.begin);
}

// SUBPROOF of RFC 6962, section 2.1.2: what proves that `range` continues its first leaves, up to `from`. `known` says
// that the verifier has the hash of those already.
void add_subproof(std::uint64_t from, const LeafRange& range, bool known, std::vector<LeafRange>& path) {
  if (from == range.end) {
    if (!known) path.push_back(range);
    return;
  }
  const LeafRange left{range.begin, middle(range)}, right{middle(range), range.end};
  if (from <= left.end) {
    add_subproof(from, left, known, path);
    path.push_back(right);
  } else {
    add_subproof(from, right, false, path);
    path.push_back(left);
  }
}

}  // namespace

Digest leaf_hash(std::string_view entry) {
  std::string bytes(1, '\0');
  bytes += entry;
  return Digest::of(bytes);
}

Digest parent_hash(const Digest& left, const Digest& right) {
  std::array<unsigned char, 1 + 2 * Digest::kSize> bytes;
  bytes[0] = 1;
  std::copy(left.bytes().begin(), left.bytes().end(), bytes.begin() + 1);
  std::copy(right.bytes().begin(), right.bytes().end(), bytes.begin() + 1 + Digest::kSize);
  return Digest::of(std::as_bytes(std::span(bytes)));
}

void grow_tree(std::uint64_t size, const Digest& leaf, const ReadNode& read, const WriteNode& write) {
  TreeNode node{0, size};
  Digest hash = leaf;
  write(node, hash);
  while (node.position % 2 == 1) {
    hash = parent_hash(read({node.level, node.position - 1}), hash);
    node = {node.level + 1, node.position / 2};
    write(node, hash);
  }
}

Digest range_hash(const LeafRange& range, const ReadNode& read) {
  if (whole(range)) {
    const int level = std::countr_zero(range.end - range.begin);
    return read({level, range.begin >> level});
  }
  return parent_hash(range_hash({range.begin, middle(range)}, read), range_hash({middle(range), range.end}, read));
}

Digest tree_root(std::uint64_t size, const ReadNode& read) {
  return size == 0 ? Digest::of("") : range_hash({0, size}, read);
}

std::vector<LeafRange> inclusion_path(std::uint64_t index, std::uint64_t size) {
  std::vector<LeafRange> path;
  for (LeafRange range{0, size}; range.end - range.begin > 1;) {
    const LeafRange left{range.begin, middle(range)}, right{middle(range), range.end};
    path.push_back(index < left.end ? right : left);
    range = index < left.end ? left : right;
  }
  std::reverse(path.begin(), path.end());
  return path;
}

std::vector<LeafRange> consistency_path(std::uint64_t from, std::uint64_t to) {
  std::vector<LeafRange> path;
  add_subproof(from, {0, to}, true, path);
  return path;
}

std::vector<Digest> proof_of(const std::vector<LeafRange>& path, const ReadNode& read) {
  std::vector<Digest> out;
  for (const LeafRange& range : path) out.push_back(range_hash(range, read));
  return out;
}

bool proves_inclusion(const TreeHead& head, std::uint64_t index, const Digest& leaf, const std::vector<Digest>& proof) {
  if (index >= head.size) return false;
  std::uint64_t node = index, last = head.size - 1;
  Digest hash = leaf;
  for (const Digest& sibling : proof) {
    if (last == 0) return false;
    if (node % 2 == 1 || node == last) {
      hash = parent_hash(sibling, hash);
      for (; node % 2 == 0 && node != 0; node /= 2) last /= 2;
    } else {
      hash = parent_hash(hash, sibling);
    }
    node /= 2;
    last /= 2;
  }
  return last == 0 && hash == head.root;
}

bool proves_consistency(const TreeHead& from, const TreeHead& to, const std::vector<Digest>& proof) {
  if (from.size == 0 || from.size > to.size) return false;
  if (from.size == to.size) return proof.empty() && from.root == to.root;
  if (proof.empty()) return false;
  std::uint64_t node = from.size - 1, last = to.size - 1;
  for (; node % 2 == 1; node /= 2) last /= 2;
  // A whole tree is its own first element, which the proof leaves out.
  auto next = proof.begin();
  Digest older = std::has_single_bit(from.size) ? from.root : *next++;
  Digest newer = older;
  for (; next != proof.end(); ++next) {
    if (last == 0) return false;
    if (node % 2 == 1 || node == last) {
      older = parent_hash(*next, older);
      newer = parent_hash(*next, newer);
      for (; node % 2 == 0 && node != 0; node /= 2) last /= 2;
    } else {
      newer = parent_hash(newer, *next);
    }
    node /= 2;
    last /= 2;
  }
  return last == 0 && older == from.root && newer == to.root;
}

void GrowingTree::add(const Digest& leaf, const WriteNode& write) {
  grow_tree(
      size_, leaf,
      [this](const TreeNode&) {
        const Digest left = peaks_.back();
        peaks_.pop_back();
        return left;
      },
      [&](const TreeNode& node, const Digest& hash) {
        if (write) write(node, hash);
        if (node.position % 2 == 0) peaks_.push_back(hash);
      });
  ++size_;
}

Digest GrowingTree::root() const {
  if (peaks_.empty()) return Digest::of("");
  Digest hash = peaks_.back();
  for (auto peak = peaks_.rbegin() + 1; peak != peaks_.rend(); ++peak) hash = parent_hash(*peak, hash);
  return hash;
}

}  // namespace assay
