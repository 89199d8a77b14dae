// SPDX-License-Identifier: Apache-2.0
// Any bytes as JSON that somebody else wrote: refused, or read no deeper than allowed; its canonical form is read back
// as the same document and has itself as canonical form; and whatever it is asked for, it gives that or says why not.
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "registry/domain/canonical_json.h"
#include "registry/domain/json_reader.h"
#include "tests/fuzz/harness.h"
#include "tests/fuzz/refusal.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr JsonLimits kLimits{.max_bytes = 4096, .max_depth = 8};

std::size_t depth_of(const json& value) {
  std::size_t depth = 0;
  if (value.is_structured())
    for (const json& member : value) depth = std::max(depth, depth_of(member));
  return depth + (value.is_structured() ? 1 : 0);
}

// Beyond 2^53 an integer may have no canonical form.
void check_canonical(const json& document) {
  fuzz::taken({Code::invalid_argument}, [&] {
    const std::string text = canonical(document);
    const json again = parse_json(text, "the canonical form", {.max_bytes = 1 << 20});
    if (again != document || canonical(again) != text) std::abort();
  });
}

template <class Get>
void ask(const json& document, Get get) {
  fuzz::taken({Code::invalid_argument, Code::too_large}, [&] {
    JsonObject object(document, "the document");
    for (const auto& [key, value] : document.items()) get(object, key);
    object.finish();
  });
}

void check_members(const json& document) {
  ask(document, [](JsonObject& object, const std::string& key) { object.text(key); });
  ask(document, [](JsonObject& object, const std::string& key) { object.integer(key, -5, INT64_MAX); });
  ask(document, [](JsonObject& object, const std::string& key) { object.number(key); });
  ask(document, [](JsonObject& object, const std::string& key) { object.boolean(key, true); });
  ask(document, [](JsonObject& object, const std::string& key) { object.object(key); });
  ask(document, [](JsonObject& object, const std::string& key) { object.array(key, 3); });
  ask(document, [](JsonObject& object, const std::string& key) { object.optional_text_map(key, 3); });
  ask(document, [](JsonObject& object, const std::string& key) { object.optional_any(key + "x"); });
}

}  // namespace
}  // namespace assay

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace assay;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  fuzz::taken({Code::invalid_argument, Code::too_large}, [&] {
    const json document = parse_json(text, "the document", kLimits);
    if (text.size() > kLimits.max_bytes || depth_of(document) > kLimits.max_depth) std::abort();
    if (parse_json(document.dump(), "it again", {.max_bytes = 1 << 20}) != document) std::abort();
    check_canonical(document);
    check_members(document);
  });
  return 0;
}
