// SPDX-License-Identifier: Apache-2.0
// Lists come in pages by key: a page ends with a cursor that says where the next begins, so that a page costs
// the same however deep it is and rows added meanwhile shift nothing.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assay {

struct PageRequest {
  static constexpr int kStandardLimit = 50;
  static constexpr int kMaxLimit = 500;  // bounds one answer's memory

  std::optional<std::string> cursor;
  int limit = kStandardLimit;

  // From a query string's values. Throws invalid_argument unless the limit is 1 to kMaxLimit.
  static PageRequest parse(std::optional<std::string> cursor, std::optional<std::string_view> limit);
};

template <class T>
struct Page {
  std::vector<T> items;
  std::optional<std::string> next_cursor;
};

}  // namespace assay
