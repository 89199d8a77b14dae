// SPDX-License-Identifier: Apache-2.0
// Any bytes as each of the small things that are written as text: refused, or read; and what was read is written in a
// spelling that reads as the same.
#include <cstdlib>
#include <string>
#include <string_view>

#include "registry/domain/duration.h"
#include "registry/domain/file_path.h"
#include "registry/domain/freeze.h"
#include "registry/domain/id.h"
#include "registry/domain/key_name.h"
#include "registry/domain/name.h"
#include "registry/domain/reference.h"
#include "registry/domain/time.h"
#include "registry/domain/webhook_url.h"
#include "storage/base/base64.h"
#include "tests/fuzz/harness.h"
#include "tests/fuzz/refusal.h"

namespace assay {
namespace {

template <class Read, class Write>
void same_again(std::string_view text, Read read, Write write) {
  fuzz::taken({Code::invalid_argument}, [&] {
    const auto value = read(text);
    const std::string written(write(value));
    const auto again = read(written);
    if (!(again == value) || write(again) != written || !fuzz::is_text(written)) std::abort();
  }, fuzz::is_text(text));
}

template <class Value>
void same_again(std::string_view text) {
  same_again(text, Value::parse, [](const Value& value) { return value.text(); });
}

void check_base64(std::string_view text) {
  const auto bytes = from_base64(text);
  if (bytes && to_base64(*bytes) != text) std::abort();
  if (from_base64(to_base64(text)) != std::string(text)) std::abort();
}

}  // namespace
}  // namespace assay

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace assay;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  same_again<Digest>(text);
  same_again<FilePath>(text);
  same_again<FreezeWindow>(text);
  same_again<Id>(text);
  same_again<KeyName>(text);
  same_again<Name>(text);
  same_again<Namespace>(text);
  same_again<Reference>(text);
  same_again<Selector>(text);
  same_again<StageName>(text);
  same_again<WebhookUrl>(text);
  same_again(text, parse_time, format_time);
  same_again(text, parse_duration, format_duration);
  check_base64(text);
  return 0;
}
