// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/file_path.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "registry/domain/utf8.h"
#include "storage/base/error.h"

namespace assay {
namespace {

// Why the path is refused, or nothing.
std::optional<std::string> defect(std::string_view path) {
  if (path.empty()) return "it is empty";
  if (path.size() > FilePath::kMaxLength)
    return fmt::format("it has {} bytes, at most {} are taken", path.size(), FilePath::kMaxLength);
  for (std::string_view rest = path; !rest.empty();) {
    const auto point = take_code_point(rest);
    if (!point) return "it is not UTF-8";
    if (is_invisible(*point)) return "it has a control character";
    if (*point == '\\') return "it has a backslash; separate folders with '/'";
  }
  if (path.front() == '/') return "it is absolute; write it relative to the version";
  for (std::size_t start = 0; start <= path.size();) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    const std::string_view part = path.substr(start, end - start);
    if (part.empty()) return "it has an empty part";
    if (part == "." || part == "..") return fmt::format("it has the part \"{}\"", part);
    if (part.size() > FilePath::kMaxPartLength)
      return fmt::format("a part has {} bytes, at most {} are taken", part.size(), FilePath::kMaxPartLength);
    start = end + 1;
  }
  return std::nullopt;
}

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 200)) out += c >= ' ' && c <= '~' ? c : '?';
  return out;
}

}  // namespace

FilePath FilePath::parse(std::string_view text) {
  if (const auto why = defect(text))
    throw Error(Code::invalid_argument,
                fmt::format("\"{}\" cannot be a file's path in a version: {}", printable(text), *why));
  return FilePath(std::string(text));
}

std::string_view FilePath::extension() const {
  const std::string_view path = text_;
  const auto slash = path.rfind('/');
  const std::string_view last = slash == std::string_view::npos ? path : path.substr(slash + 1);
  const auto dot = last.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? std::string_view() : last.substr(dot + 1);
}

}  // namespace assay
