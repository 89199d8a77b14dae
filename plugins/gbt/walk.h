// SPDX-License-Identifier: Apache-2.0
// From the root of a tree to the leaf of a row, many rows or many trees side by side. Floats are compared as
// integers in the same order, and a missing cell has two of them, below all and above all: so a step is a load, a
// comparison and an addition, without a question about missing ones.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace gbt {

// How rows walk. All give the same bits.
enum class Path { portable, avx2, avx512 };
inline constexpr Path kPaths[] = {Path::portable, Path::avx2, Path::avx512};
const char* name_of(Path path);
bool runs_here(Path path);  // whether this processor has what it takes
Path fastest_path();        // of those that run here

// In the order of the floats, zeros alike; of a number.
inline std::uint32_t key_of(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value + 0.0f);
  return bits ^ ((bits >> 31) != 0 ? 0xFFFFFFFFu : 0x80000000u);
}
inline constexpr std::uint32_t kBelowAll = 0, kAboveAll = 0xFFFFFFFF;

// Keys of up to kRowStride rows. Feature f has two lines: number 2f, where a missing cell is below all, and
// 2f + 1, where it is above. Row r of line l is keys[l * kRowStride + r].
inline constexpr std::size_t kRowStride = 64;
struct Rows {
  const std::uint32_t* keys;
  std::size_t count;
};

// Rows go left where their key is below the threshold.
struct ShallowNode {  // of a tree whose node i has the children 2i+1 and 2i+2
  std::uint32_t line;  // times kRowStride
  std::uint32_t threshold;
};
static_assert(sizeof(ShallowNode) == 8);
struct DeepNode {
  std::uint32_t line, threshold;
  std::uint32_t left;  // the right child is the next; a leaf has itself, and a threshold that nothing reaches
  float leaf;
};

// One after another: trees of `depth`, each of (1 << depth) - 1 nodes and 1 << depth leaves.
struct ShallowTrees {
  const ShallowNode* nodes;
  const float* leaves;
  int depth;
  std::size_t count;
};

// Adds each tree's leaf to each row's sum, tree by tree. `sums` and the lines have room for kRowStride rows, of
// which more than `count` may be used.
void add_shallow_trees(const ShallowTrees& trees, const Rows& rows, float* sums, Path path);
// The same of one tree whose longest path has `depth` steps.
void add_deep_tree(const DeepNode* nodes, int depth, const Rows& rows, float* sums);

// The vector paths: whole groups of rows from the first on; how many rows they did.
std::size_t add_shallow_trees_avx2(const ShallowTrees& trees, const Rows& rows, float* sums);
std::size_t add_shallow_trees_avx512(const ShallowTrees& trees, const Rows& rows, float* sums);

}  // namespace gbt
