// SPDX-License-Identifier: Apache-2.0
// What a file's bytes are, whatever it is called: its format, whether it is or holds a pickle, and whether opening it
// with its usual reader can run code of it. registry/content finds it out.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace assay {

struct FileContent {
  static constexpr std::size_t kMaxReasons = 16;      // a person reads them
  static constexpr std::size_t kMaxReasonBytes = 512;

  // `unknown` is never good news: nothing that asks for `no` or `yes` is content with it.
  enum class Answer { no, unknown, yes };

  std::string format = "unknown";  // "safetensors", "pickle", "zip" …: registry/docs/policies.md lists them
  Answer pickle = Answer::unknown;
  Answer safe = Answer::unknown;
  std::vector<std::string> reasons{};  // what was found, a sentence each, in plain ASCII

  // Adds a reason, cut and with other than printable ASCII replaced; beyond kMaxReasons it is left out.
  void because(std::string reason);

  bool operator==(const FileContent&) const = default;
};

std::string_view to_text(FileContent::Answer answer);  // "no", "unknown", "yes"

// {"format","pickle","safe","reasons"}
void to_json(nlohmann::json& json, const FileContent& content);
// Reads what to_json wrote. `what` names the object in messages.
FileContent content_from_json(const nlohmann::json& document, const std::string& what);

}  // namespace assay
