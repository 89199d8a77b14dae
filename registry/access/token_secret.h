// SPDX-License-Identifier: Apache-2.0
// The text of a token: `assay_`, 256 random bits and a checksum in base 62. The checksum lets scanners and
// clients tell a mistyped token from an unknown one; it proves nothing.
#pragma once

#include <string>
#include <string_view>

#include "storage/base/digest.h"

namespace assay {

class Entropy;

class TokenSecret {
 public:
  static TokenSecret make(Entropy& entropy);
  // Throws invalid_argument unless `text` is a token with a right checksum; the message does not repeat it.
  static TokenSecret parse(std::string_view text);

  const std::string& text() const { return text_; }
  // What the catalogue keeps. The secret has full entropy, so one plain SHA-256 is enough.
  Digest hash() const { return Digest::of(text_); }

 private:
  explicit TokenSecret(std::string text) : text_(std::move(text)) {}

  std::string text_;
};

}  // namespace assay
