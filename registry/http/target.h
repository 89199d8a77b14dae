// SPDX-License-Identifier: Apache-2.0
// A request target taken apart: raw path segments for routing, the decoded query. Percent-decoding happens
// once, on one segment or value at a time, and never before routing.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace assay::http {

// Decodes %XX. Throws invalid_argument for a broken escape, and for a result that holds NUL or another
// control character, is not UTF-8, or is `.` or `..`.
std::string decode_segment(std::string_view raw);

class Query {
 public:
  Query() = default;
  // Reads `a=b&c=d`; `+` is a blank. Throws invalid_argument as decode_segment does (dots are fine here).
  static Query parse(std::string_view raw);

  // The value of `name`, if it is there. Throws invalid_argument when it is there twice.
  std::optional<std::string> find(std::string_view name) const;
  // The same as a whole number within [least, most]; `fallback` when absent. Throws invalid_argument
  // otherwise.
  std::uint64_t number(std::string_view name, std::uint64_t fallback, std::uint64_t least,
                       std::uint64_t most) const;
  const std::vector<std::pair<std::string, std::string>>& pairs() const { return pairs_; }

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

struct Target {
  std::string raw;                    // as sent
  std::string path;                   // raw, without the query
  std::vector<std::string> segments;  // raw, what stands between the slashes; "/" has one, empty
  std::string raw_query;

  // Throws invalid_argument unless it is an origin-form target (`/…`) or an absolute `http(s)://host/…`,
  // whose first part is dropped.
  static Target parse(std::string_view raw);
};

}  // namespace assay::http
