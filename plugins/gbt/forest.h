// SPDX-License-Identifier: Apache-2.0
// A forest laid out for scoring: the same bits as XGBoost's own predictions, many times faster. Shallow trees
// become arrays in which a node's children follow from its place; deep ones keep a child's place in the node.
// Several rows, or several trees, walk down side by side, because one walk alone waits for memory at each step.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "assay/bytes.hpp"
#include "tree.h"
#include "walk.h"

namespace gbt {

class Forest {
 public:
  // Trees of at most this depth are filled up to it with copies of their leaves.
  static constexpr int kMaxShallow = 8;
  static constexpr std::size_t kMaxNodes = std::size_t{1} << 28;  // of all trees
  static constexpr int kMaxDepth = 64;                            // XGBoost grows 16 here

  Forest() = default;
  explicit Forest(const GrownForest& grown);

  void save(assay::sdk::ByteWriter& out) const;
  // CORRUPT_ARTIFACT for what save did not write: every child lies inside its tree and behind its parent, so
  // that each walk ends.
  static Forest load(assay::sdk::ByteReader& in);

  std::size_t features() const { return grown_.features; }
  // `out.size()` answers for as many rows of features() cells, NaN for missing; none may be infinite. Any
  // thread.
  void predict(std::span<const float> cells, std::span<double> out) const;
  void predict(std::span<const float> cells, std::span<double> out, Path path) const;

 private:
  void lay_out();
  void add_shallow(const Tree& tree);
  void add_deep(const Tree& tree, int depth);
  void predict_block(const Rows& rows, std::span<double> out, Path path) const;

  GrownForest grown_;
  int shallow_depth_ = 0;  // of every shallow tree
  std::vector<ShallowNode> shallow_nodes_;
  std::vector<float> leaves_;
  std::vector<DeepNode> deep_nodes_;
  std::vector<int> deep_depths_;
  std::vector<std::size_t> deep_begins_;
  // Sums depend on the order of their terms: the trees in their order, shallow ones in a row together.
  struct Group {
    bool deep;
    std::size_t first, count;
  };
  std::vector<Group> groups_;
};

}  // namespace gbt
