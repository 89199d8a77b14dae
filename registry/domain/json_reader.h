// SPDX-License-Identifier: Apache-2.0
// Reading JSON that somebody else wrote: nothing unknown, doubled, too deep, too large or ill-typed gets
// through, and each refusal names the member.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace assay {

struct JsonLimits {
  std::size_t max_bytes = 16 << 20;  // a publication of 10 000 files with long paths, with room
  std::size_t max_depth = 32;        // our deepest document has 8
};

// One JSON document and nothing after it. Throws too_large beyond `limits.max_bytes`, else invalid_argument:
// bad syntax, bad UTF-8, a member named twice, too deep, a number beyond double. `what` names the document in
// messages: "the request body".
nlohmann::json parse_json(std::string_view text, std::string_view what, const JsonLimits& limits = {});

// Takes an object apart, member by member; `finish` refuses whatever nobody asked for, with the nearest known
// name. Borrows the object. All getters throw invalid_argument naming the member, which an `optional_…` one
// may find absent or null; the arrays throw too_large beyond `max_items`.
class JsonObject {
 public:
  // Throws invalid_argument unless `json` is an object. `what` names it in messages.
  JsonObject(const nlohmann::json& json, std::string what);

  std::string text(const std::string& key);
  std::optional<std::string> optional_text(const std::string& key);
  std::int64_t integer(const std::string& key, std::int64_t min, std::int64_t max);
  std::optional<std::int64_t> optional_integer(const std::string& key, std::int64_t min, std::int64_t max);
  double number(const std::string& key);  // integers count
  std::optional<double> optional_number(const std::string& key);
  bool boolean(const std::string& key, bool otherwise);
  const nlohmann::json& object(const std::string& key);
  const nlohmann::json* optional_object(const std::string& key);  // null when absent
  const nlohmann::json& array(const std::string& key, std::size_t max_items);
  const nlohmann::json* optional_array(const std::string& key, std::size_t max_items);
  const nlohmann::json& any(const std::string& key);
  const nlohmann::json* optional_any(const std::string& key);
  std::map<std::string, std::string> optional_text_map(const std::string& key, std::size_t max_items);

  void finish() const;

 private:
  const nlohmann::json* find(const std::string& key);
  const nlohmann::json& need(const std::string& key);
  [[noreturn]] void fail(const std::string& key, std::string_view wanted) const;

  const nlohmann::json& json_;
  std::string what_;
  std::set<std::string> known_;
};

}  // namespace assay
