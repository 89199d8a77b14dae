// SPDX-License-Identifier: Apache-2.0
#include "tree.h"

#include <charconv>
#include <cmath>
#include <string>

#include "assay/error.hpp"
#include "ubjson.h"

namespace gbt {
namespace {

using assay::sdk::Error;

[[noreturn]] void unlike(const std::string& what) {
  throw Error(ASSAY_E_INTERNAL, "XGBoost's stored trees hold " + what + ", which this plugin never asks for");
}

// "5E-1", or "[5E-1]" from version 3 on.
double number_in(std::string text) {
  if (text.size() > 2 && text.front() == '[') text = text.substr(1, text.size() - 2);
  double out = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), out).ec != std::errc()) unlike("the number " + text);
  return out;
}

// Arrays of one type when they are long, of values otherwise.
std::vector<double> numbers_of(const Ubjson& array) {
  if (array.items.empty()) return array.numbers;
  std::vector<double> out;
  for (const Ubjson& item : array.items) {
    if (item.numbers.size() != 1) unlike("an array of something else than numbers");
    out.push_back(item.numbers[0]);
  }
  return out;
}

Tree read_tree(const Ubjson& stored) {
  if (!numbers_of(stored.at("categories")).empty()) unlike("splits on categories");
  const auto left = numbers_of(stored.at("left_children")), right = numbers_of(stored.at("right_children")),
             feature = numbers_of(stored.at("split_indices")), value = numbers_of(stored.at("split_conditions")),
             missing = numbers_of(stored.at("default_left"));
  const std::size_t size = left.size();
  if (size == 0 || right.size() != size || feature.size() != size || value.size() != size ||
      missing.size() != size)
    unlike("arrays of different lengths");
  // Of a leaf both children are -1; numbers out of range are not even converted.
  const auto in_range = [](double number, double low, std::size_t end) {
    return number >= low && number < static_cast<double>(end);
  };
  Tree tree(size);
  for (std::size_t i = 0; i < size; ++i) {
    if (!in_range(left[i], -1, size) || !in_range(right[i], -1, size) || (left[i] < 0) != (right[i] < 0) ||
        !in_range(feature[i], 0, std::size_t{1} << 31))
      unlike("a node that is out of place");
    tree[i] = {static_cast<std::int32_t>(left[i]), static_cast<std::int32_t>(right[i]),
               static_cast<std::uint32_t>(feature[i]), static_cast<float>(value[i]), missing[i] != 0};
  }
  return tree;
}

}  // namespace

GrownForest read_xgboost(std::string_view ubjson) {
  const Ubjson document = parse_ubjson(ubjson);
  const Ubjson& learner = document.at("learner");
  const Ubjson& parameters = learner.at("learner_model_param");
  const std::string objective = learner.at("objective").at("name").text;
  GrownForest out;
  const double features = number_in(parameters.at("num_feature").text);
  if (!(features >= 1 && features <= kMaxFeatures)) unlike("too many features");
  out.features = static_cast<std::size_t>(features);
  const auto base = static_cast<float>(number_in(parameters.at("base_score").text));
  if (objective == "binary:logistic") {
    out.link = Link::logistic;
    out.start = -std::log(1.0f / base - 1.0f);  // in floats, as XGBoost does
  } else if (objective == "reg:squarederror") {
    out.start = base;
  } else {
    unlike("the objective " + objective);
  }
  for (const Ubjson& tree : learner.at("gradient_booster").at("model").at("trees").items) {
    out.trees.push_back(read_tree(tree));
    for (const Node& node : out.trees.back())
      if (node.feature >= out.features) unlike("a feature that is not there");
  }
  return out;
}

}  // namespace gbt
