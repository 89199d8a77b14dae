// SPDX-License-Identifier: Apache-2.0
// A statement in the making: literals, and the values of their `?`s in order. Inside the catalogue only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "registry/catalog/database.h"

namespace assay {

class Fragment {
 public:
  using Bound = std::variant<std::nullptr_t, std::int64_t, double, std::string, Digest>;

  Fragment() = default;
  Fragment(std::string_view sql, std::vector<Bound> values = {}) : sql_(sql), values_(std::move(values)) {}
  Fragment(const char* sql) : sql_(sql) {}

  Fragment& operator<<(const Fragment& more) {
    sql_ += more.sql_;
    values_.insert(values_.end(), more.values_.begin(), more.values_.end());
    return *this;
  }
  // One `?` more, for a value.
  Fragment& bind(Bound value) {
    sql_ += '?';
    values_.push_back(std::move(value));
    return *this;
  }

  bool empty() const { return sql_.empty(); }
  Rows query(Snapshot& snapshot) const {
    std::vector<Value> values;
    for (const Bound& value : values_)
      values.push_back(std::visit([](const auto& bound) { return Value(bound); }, value));
    return snapshot.query_once(sql_, values);
  }

 private:
  std::string sql_;
  std::vector<Bound> values_;
};

}  // namespace assay
