// SPDX-License-Identifier: Apache-2.0
// Any text as a checkpoint and as a key: refused or read, never worse; nothing but what our key signed is believed; and
// a key that was read is written the same.
#include "tests/fuzz/harness.h"

#include <cstdlib>
#include <string_view>

#include "registry/domain/checkpoint.h"
#include "storage/base/error.h"

namespace assay {
namespace {

// Known to everybody, and good for nothing but this.
constexpr std::string_view kSecret =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";

void try_as_checkpoint(std::string_view text) {
  static const LogSecret secret = LogSecret::parse(kSecret);
  try {
    const TreeHead head = open_checkpoint(text, secret.key(), "it");
    // Ed25519 signs the same text alike, and a mutation has no other text signed.
    const std::string expected = secret.sign(head);
    if (!text.starts_with(expected.substr(0, expected.find("\n\n")))) std::abort();
  } catch (const Error& error) {
    if (error.code() != Code::corrupt && error.code() != Code::invalid_argument) std::abort();
  }
}

template <class Key>
void try_as_key(std::string_view text) {
  try {
    const std::string again = Key::parse(text).text();
    if (text.ends_with('\n')) text.remove_suffix(1);
    if (again != text) std::abort();
  } catch (const Error& error) {
    if (error.code() != Code::invalid_argument) std::abort();
  }
}

}  // namespace
}  // namespace assay

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  assay::try_as_checkpoint(text);
  assay::try_as_key<assay::LogKey>(text);
  assay::try_as_key<assay::LogSecret>(text);
  return 0;
}
