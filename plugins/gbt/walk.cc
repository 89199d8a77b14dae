// SPDX-License-Identifier: Apache-2.0
// The portable path, which is the definition.
#include "walk.h"

#include <cstring>

namespace gbt {
namespace {

// So many walks at once keep a core's units busy while each waits for its next node.
constexpr std::size_t kSideBySide = 8;
constexpr std::size_t kFewRows = 4;  // fewer walk one by one, with trees side by side

// A child of the node at `at`, of the row whose keys begin at `keys`.
inline std::uint32_t step(const ShallowNode* nodes, std::uint32_t at, const std::uint32_t* keys) {
  std::uint64_t node;  // in one load
  std::memcpy(&node, nodes + at, sizeof node);
  const std::uint32_t key = keys[static_cast<std::uint32_t>(node)];
  return 2 * at + 2 - static_cast<std::uint32_t>(key < static_cast<std::uint32_t>(node >> 32));
}

// One tree, `kSideBySide` rows.
void add_tree(const ShallowNode* nodes, const float* leaves, int depth, const std::uint32_t* keys, float* sums) {
  std::uint32_t at[kSideBySide] = {};
  for (int level = 0; level < depth; ++level)
    for (std::size_t i = 0; i < kSideBySide; ++i) at[i] = step(nodes, at[i], keys + i);
  const std::uint32_t inner = (1u << depth) - 1;
  for (std::size_t i = 0; i < kSideBySide; ++i) sums[i] += leaves[at[i] - inner];
}

// One row, `kSideBySide` trees at once; their leaves are added in the order of the trees.
void add_trees(const ShallowTrees& trees, const std::uint32_t* keys, float& sum) {
  const std::uint32_t inner = (1u << trees.depth) - 1;
  const ShallowNode* nodes = trees.nodes;
  const float* leaves = trees.leaves;
  std::size_t left = trees.count;
  for (; left >= kSideBySide; left -= kSideBySide) {
    std::uint32_t at[kSideBySide] = {};
    for (int level = 0; level < trees.depth; ++level)
      for (std::size_t i = 0; i < kSideBySide; ++i) at[i] = step(nodes + i * inner, at[i], keys);
    for (std::size_t i = 0; i < kSideBySide; ++i) sum += leaves[i * (inner + 1) + at[i] - inner];
    nodes += kSideBySide * inner;
    leaves += kSideBySide * (inner + 1);
  }
  for (; left > 0; --left) {
    std::uint32_t at = 0;
    for (int level = 0; level < trees.depth; ++level) at = step(nodes, at, keys);
    sum += leaves[at - inner];
    nodes += inner;
    leaves += inner + 1;
  }
}

void add_portably(const ShallowTrees& trees, const Rows& rows, std::size_t from, float* sums) {
  if (rows.count - from < kFewRows) {
    for (std::size_t row = from; row < rows.count; ++row) add_trees(trees, rows.keys + row, sums[row]);
    return;
  }
  const std::size_t inner = (std::size_t{1} << trees.depth) - 1;
  for (std::size_t tree = 0; tree < trees.count; ++tree)
    for (std::size_t row = from; row < rows.count; row += kSideBySide)
      add_tree(trees.nodes + tree * inner, trees.leaves + tree * (inner + 1), trees.depth, rows.keys + row,
               sums + row);
}

}  // namespace

const char* name_of(Path path) {
  return path == Path::avx512 ? "AVX-512" : path == Path::avx2 ? "AVX2" : "portable";
}

bool runs_here(Path path) {
#if defined(__x86_64__)
  if (path == Path::avx2) return __builtin_cpu_supports("avx2") != 0;
  if (path == Path::avx512) return __builtin_cpu_supports("avx512f") != 0;
#endif
  return path == Path::portable;
}

// Gathering eight numbers takes AVX2's processors as long as loading them one by one, or longer.
Path fastest_path() {
  static const Path path = runs_here(Path::avx512) ? Path::avx512 : Path::portable;
  return path;
}

void add_shallow_trees(const ShallowTrees& trees, const Rows& rows, float* sums, Path path) {
  std::size_t done = 0;
  if (path == Path::avx2) done = add_shallow_trees_avx2(trees, rows, sums);
  if (path == Path::avx512) done = add_shallow_trees_avx512(trees, rows, sums);
  if (done < rows.count) add_portably(trees, rows, done, sums);
}

void add_deep_tree(const DeepNode* nodes, int depth, const Rows& rows, float* sums) {
  for (std::size_t first = 0; first < rows.count; first += kSideBySide) {
    std::uint32_t at[kSideBySide] = {};
    const std::size_t count = rows.count < kFewRows ? rows.count : kSideBySide;
    for (int level = 0; level < depth; ++level)
      for (std::size_t i = 0; i < count; ++i) {
        const DeepNode& node = nodes[at[i]];
        at[i] = node.left + 1 - static_cast<std::uint32_t>(rows.keys[node.line + first + i] < node.threshold);
      }
    for (std::size_t i = 0; i < count; ++i) sums[first + i] += nodes[at[i]].leaf;
  }
}

}  // namespace gbt
