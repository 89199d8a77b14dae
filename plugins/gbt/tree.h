// SPDX-License-Identifier: Apache-2.0
// A forest as XGBoost grew it: binary trees of nodes, and where the sum of their leaves starts.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace gbt {

enum class Link : std::uint8_t { identity, logistic };  // of the summed leaves to the answer

struct Node {
  std::int32_t left = -1, right = -1;  // -1: a leaf
  std::uint32_t feature = 0;
  float value = 0;            // rows whose feature is below it go left; of a leaf, what it adds
  bool missing_left = false;  // where a missing feature goes

  bool leaf() const { return left < 0; }
};

inline constexpr std::uint32_t kMaxFeatures = 1u << 24;

using Tree = std::vector<Node>;  // from the root, which is node 0

struct GrownForest {
  std::size_t features = 0;
  Link link = Link::identity;
  float start = 0;  // the sum before the first leaf
  std::vector<Tree> trees;
};

// Reads what XGBoost 1.7 and newer save as UBJSON: numeric splits, one output, "binary:logistic" or
// "reg:squarederror". INTERNAL for anything else: it is for bytes that the library has just written.
GrownForest read_xgboost(std::string_view ubjson);

}  // namespace gbt
