// SPDX-License-Identifier: Apache-2.0
// What a namespace calls a public key that it trusts, such as `release-key`. Same grammar and case rule as names; the
// source is name.cc.
#pragma once

#include <string>
#include <string_view>

namespace assay {

class KeyName {
 public:
  // Throws invalid_argument for a bad spelling.
  static KeyName parse(std::string_view text);

  const std::string& text() const { return text_; }
  const std::string& key() const { return key_; }  // lower case

  friend bool operator==(const KeyName& left, const KeyName& right) { return left.key_ == right.key_; }

 private:
  explicit KeyName(std::string text);

  std::string text_, key_;
};

}  // namespace assay
