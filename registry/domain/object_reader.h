// SPDX-License-Identifier: Apache-2.0
// Reads one JSON object strictly: every key is known, every value has its type, or invalid_argument says where and
// what was expected. A document is read through these and nothing is checked again afterwards.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/digest.h"

namespace assay {

class ObjectReader {
 public:
  // `value` is borrowed until the reader is gone. `place` is where it stands, such as "rules[1].champion"; empty for
  // the document itself. Throws invalid_argument unless it is an object.
  ObjectReader(const nlohmann::json& value, std::string place);

  // Absent and null are the same: nullopt. Present with another type throws, as does an absent one that is required.
  std::optional<std::string> optional_text(std::string_view key);
  std::optional<double> optional_number(std::string_view key);  // finite
  std::optional<std::int64_t> optional_integer(std::string_view key);
  std::optional<bool> optional_boolean(std::string_view key);
  std::optional<Digest> optional_digest(std::string_view key);
  std::string text(std::string_view key);
  double number(std::string_view key);
  std::int64_t integer(std::string_view key);
  bool boolean(std::string_view key);
  Digest digest(std::string_view key);
  // The value itself, or nullptr when absent or null.
  const nlohmann::json* optional_value(std::string_view key);
  const nlohmann::json& value(std::string_view key);
  // The members of an array, none when absent. Throws too_large past `limit`.
  const std::vector<nlohmann::json>& array(std::string_view key, std::size_t limit);
  // Throws invalid_argument naming the first key that no call above asked for, and the nearest one that some did.
  void finish() const;

  std::string place(std::string_view key) const;  // "rules[1].champion.margin"
  [[noreturn]] void fail(std::string_view key, std::string_view expected) const;

 private:
  const nlohmann::json* find(std::string_view key);

  const nlohmann::json& object_;
  std::string place_;
  std::vector<std::string> known_;
};

}  // namespace assay
