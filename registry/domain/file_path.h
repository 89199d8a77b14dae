// SPDX-License-Identifier: Apache-2.0
// Where a file stands inside a version: relative, with `/`, and safe to create below any directory.
#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>

namespace assay {

class FilePath {
 public:
  static constexpr std::size_t kMaxLength = 1024;     // bytes of the whole path
  static constexpr std::size_t kMaxPartLength = 255;  // what common file systems take

  // Throws invalid_argument for an empty or absolute path, empty parts, `.` and `..`, a backslash, control or
  // direction-changing characters, text that is not UTF-8, and lengths over the limits.
  static FilePath parse(std::string_view text);

  const std::string& text() const { return text_; }
  std::string_view extension() const;  // `json` of `a/b.json`; empty when there is none

  auto operator<=>(const FilePath&) const = default;

 private:
  explicit FilePath(std::string text) : text_(std::move(text)) {}

  std::string text_;
};

}  // namespace assay
