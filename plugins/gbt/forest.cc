// SPDX-License-Identifier: Apache-2.0
#include "forest.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <memory>

namespace gbt {

using assay::sdk::ByteReader;
using assay::sdk::ByteWriter;
using assay::sdk::Error;

namespace {

constexpr std::size_t kMostFilling = 16;  // places a node
constexpr std::uint32_t kMissingRight = 1u << 31;  // beside a stored feature

// As XGBoost computes it, so that the bits agree: in floats, and never dividing by zero.
float probability(float sum) {
  constexpr float kEpsilon = 1e-16f;
  const float e = std::exp(std::min(-sum, 88.7f));
  return 1.0f / (e + 1.0f + kEpsilon);
}

// Of a valid tree: children are behind their parents.
int depth_of(const Tree& tree) {
  std::vector<int> depth(tree.size());
  int deepest = 0;
  for (std::size_t i = 0; i < tree.size(); ++i) {
    deepest = std::max(deepest, depth[i]);
    if (tree[i].leaf()) continue;
    for (const std::int32_t child : {tree[i].left, tree[i].right}) {
      int& below = depth[static_cast<std::size_t>(child)];
      below = std::max(below, depth[i] + 1);
    }
  }
  return deepest;
}

std::uint32_t line_of(const Node& node) {
  return static_cast<std::uint32_t>((2 * node.feature + (node.missing_left ? 0 : 1)) * kRowStride);
}

// XGBoost numbers nodes as it grows them, and leaves numbers out where it has pruned: breadth first, all used.
Tree renumbered(const Tree& tree) {
  Tree out = {tree[0]};
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i].leaf()) continue;
    if (out.size() > tree.size()) throw Error(ASSAY_E_INTERNAL, "XGBoost's stored trees are no trees");
    const auto left = static_cast<std::size_t>(out[i].left), right = static_cast<std::size_t>(out[i].right);
    out[i].left = static_cast<std::int32_t>(out.size());
    out[i].right = out[i].left + 1;
    out.push_back(tree[left]);
    out.push_back(tree[right]);
  }
  return out;
}

}  // namespace

Forest::Forest(const GrownForest& grown) : grown_(grown) {
  for (Tree& tree : grown_.trees) tree = renumbered(tree);
  lay_out();
}

void Forest::lay_out() {
  std::vector<int> depths;
  std::size_t nodes = 0;
  for (const Tree& tree : grown_.trees) {
    depths.push_back(depth_of(tree));
    nodes += tree.size();
    if (depths.back() <= kMaxShallow) shallow_depth_ = std::max(shallow_depth_, depths.back());
  }
  // A forest of stumps beside one bushy tree would take many times its size.
  const bool fills_well = grown_.trees.size() << shallow_depth_ <= kMostFilling * nodes;
  if (!fills_well) shallow_depth_ = 0;
  std::size_t shallow = 0;
  for (std::size_t i = 0; i < depths.size(); ++i) {
    const bool deep = depths[i] > shallow_depth_;
    if (groups_.empty() || groups_.back().deep || deep)
      groups_.push_back({deep, deep ? deep_depths_.size() : shallow, 0});
    ++groups_.back().count;
    if (deep) {
      add_deep(grown_.trees[i], depths[i]);
    } else {
      add_shallow(grown_.trees[i]);
      ++shallow;
    }
  }
}

void Forest::add_shallow(const Tree& tree) {
  const std::size_t inner = (std::size_t{1} << shallow_depth_) - 1;
  const std::size_t first_node = shallow_nodes_.size(), first_leaf = leaves_.size();
  shallow_nodes_.resize(first_node + inner);
  leaves_.resize(first_leaf + inner + 1);
  // Which of the tree's nodes stands at each place; a leaf above the bottom stands at all places below it.
  std::vector<std::int32_t> at(2 * inner + 1);
  for (std::size_t place = 0; place < at.size(); ++place) {
    const Node& node = tree[static_cast<std::size_t>(at[place])];
    if (place >= inner) {
      leaves_[first_leaf + place - inner] = node.value;
      continue;
    }
    if (!node.leaf()) shallow_nodes_[first_node + place] = {line_of(node), key_of(node.value)};
    at[2 * place + 1] = node.leaf() ? at[place] : node.left;
    at[2 * place + 2] = node.leaf() ? at[place] : node.right;
  }
}

void Forest::add_deep(const Tree& tree, int depth) {
  deep_depths_.push_back(depth);
  deep_begins_.push_back(deep_nodes_.size());
  for (std::size_t i = 0; i < tree.size(); ++i) {
    const Node& node = tree[i];
    if (node.leaf())
      deep_nodes_.push_back({0, kAboveAll, static_cast<std::uint32_t>(i), node.value});
    else
      deep_nodes_.push_back({line_of(node), key_of(node.value), static_cast<std::uint32_t>(node.left), 0});
  }
}

void Forest::predict(std::span<const float> cells, std::span<double> out) const {
  predict(cells, out, fastest_path());
}

void Forest::predict(std::span<const float> cells, std::span<double> out, Path path) const {
  const std::size_t width = grown_.features;
  const auto keys = std::make_unique_for_overwrite<std::uint32_t[]>(2 * width * kRowStride);
  // Walks that go on behind the last row find a key there.
  if (out.size() > 1) std::fill_n(keys.get(), 2 * width * kRowStride, kBelowAll);
  for (std::size_t first = 0; first < out.size(); first += kRowStride) {
    const std::size_t count = std::min(kRowStride, out.size() - first);
    for (std::size_t row = 0; row < count; ++row)
      for (std::size_t feature = 0; feature < width; ++feature) {
        const float cell = cells[(first + row) * width + feature];
        std::uint32_t* key = keys.get() + 2 * feature * kRowStride + row;
        key[0] = std::isnan(cell) ? kBelowAll : key_of(cell);
        key[kRowStride] = std::isnan(cell) ? kAboveAll : key_of(cell);
      }
    predict_block({keys.get(), count}, out.subspan(first, count), path);
  }
}

void Forest::predict_block(const Rows& rows, std::span<double> out, Path path) const {
  float sums[kRowStride];
  std::fill_n(sums, kRowStride, grown_.start);
  const std::size_t inner = (std::size_t{1} << shallow_depth_) - 1;
  for (const Group& group : groups_)
    if (group.deep)
      add_deep_tree(deep_nodes_.data() + deep_begins_[group.first], deep_depths_[group.first], rows, sums);
    else
      add_shallow_trees({shallow_nodes_.data() + group.first * inner,
                         leaves_.data() + group.first * (inner + 1), shallow_depth_, group.count},
                        rows, sums, path);
  for (std::size_t row = 0; row < out.size(); ++row)
    out[row] = grown_.link == Link::logistic ? probability(sums[row]) : sums[row];
}

void Forest::save(ByteWriter& out) const {
  out.u64(grown_.features);
  out.u8(static_cast<std::uint8_t>(grown_.link));
  out.u32(std::bit_cast<std::uint32_t>(grown_.start));
  out.u64(grown_.trees.size());
  for (const Tree& tree : grown_.trees) {
    out.u64(tree.size());
    for (const Node& node : tree) {
      out.u32(static_cast<std::uint32_t>(node.left));  // the right child is the next; of a leaf, 2^32 - 1
      out.u32(node.leaf() ? 0 : node.feature | (node.missing_left ? 0 : kMissingRight));
      out.u32(std::bit_cast<std::uint32_t>(node.value));
    }
  }
}

Forest Forest::load(ByteReader& in) {
  constexpr std::uint32_t kNoChild = std::numeric_limits<std::uint32_t>::max();
  Forest out;
  GrownForest& grown = out.grown_;
  grown.features = in.u64();
  const std::uint8_t link = in.u8();
  if (grown.features == 0 || grown.features > kMaxFeatures || link > 1)
    throw ByteReader::corrupt("the forest's head is out of range");
  grown.link = static_cast<Link>(link);
  grown.start = std::bit_cast<float>(in.u32());
  std::size_t nodes = 0;
  for (std::size_t trees = in.count(20); trees > 0; --trees) {
    Tree tree(in.count(12));
    nodes += tree.size();
    if (tree.empty() || nodes > kMaxNodes) throw ByteReader::corrupt("a tree's size is out of range");
    for (std::size_t i = 0; i < tree.size(); ++i) {
      const std::uint32_t left = in.u32(), feature = in.u32();
      Node& node = tree[i];
      node.value = std::bit_cast<float>(in.u32());
      if (!std::isfinite(node.value)) throw ByteReader::corrupt("a number in a tree is not finite");
      if (left == kNoChild) continue;
      if (left <= i || left + std::size_t{1} >= tree.size())
        throw ByteReader::corrupt("a node's children are out of place");
      node.left = static_cast<std::int32_t>(left);
      node.right = node.left + 1;
      node.feature = feature & ~kMissingRight;
      node.missing_left = (feature & kMissingRight) == 0;
      if (node.feature >= grown.features) throw ByteReader::corrupt("a node asks for a feature that is not there");
    }
    if (depth_of(tree) > kMaxDepth) throw ByteReader::corrupt("a tree is too deep");
    grown.trees.push_back(std::move(tree));
  }
  if (!std::isfinite(grown.start)) throw ByteReader::corrupt("a number in a tree is not finite");
  out.lay_out();
  return out;
}

}  // namespace gbt
