// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/content.h"

#include <nlohmann/json.hpp>

#include "registry/domain/json_reader.h"
#include "registry/domain/words.h"

namespace assay {
namespace {

using Answer = FileContent::Answer;

constexpr Words<Answer, 3> kAnswers = {{{Answer::no, "no"}, {Answer::unknown, "unknown"}, {Answer::yes, "yes"}}};

}  // namespace

void FileContent::because(std::string reason) {
  if (reasons.size() == kMaxReasons) return;
  if (reason.size() > kMaxReasonBytes) reason.replace(kMaxReasonBytes - 3, std::string::npos, "...");
  for (char& letter : reason)
    if (letter < 0x20 || letter > 0x7E) letter = '?';
  reasons.push_back(std::move(reason));
}

std::string_view to_text(Answer answer) {
  return spell(kAnswers, answer);
}

void to_json(nlohmann::json& out, const FileContent& content) {
  out = {{"format", content.format},
         {"pickle", to_text(content.pickle)},
         {"safe", to_text(content.safe)},
         {"reasons", content.reasons}};
}

FileContent content_from_json(const nlohmann::json& document, const std::string& what) {
  JsonObject object(document, what);
  FileContent content{.format = object.text("format"),
                      .pickle = read_word(kAnswers, object.text("pickle"), what + ".pickle"),
                      .safe = read_word(kAnswers, object.text("safe"), what + ".safe")};
  for (const nlohmann::json& reason : object.array("reasons", FileContent::kMaxReasons))
    content.because(reason.is_string() ? reason.get<std::string>() : std::string());
  object.finish();
  return content;
}

}  // namespace assay
