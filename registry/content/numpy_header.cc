// SPDX-License-Identifier: Apache-2.0
#include "registry/content/numpy_header.h"

#include <algorithm>
#include <cctype>
#include <string>

#include "storage/base/little_endian.h"

namespace assay {
namespace {

using Answer = FileContent::Answer;

constexpr std::string_view kMark = "\x93NUMPY";
constexpr std::size_t kNarrow = 10, kWide = 12;  // bytes before the text, in versions 1, and 2 and 3

bool is_digit(unsigned char letter) {
  return std::isdigit(letter) != 0;
}

// "<f4", "|S10", "<M8[ns]": an element without objects. NumPy understands much else, which is not plain.
bool is_plain_type(std::string_view type) {
  if (!type.empty() && std::string_view("<>|=").find(type.front()) != std::string_view::npos) type.remove_prefix(1);
  if (type.empty() || std::string_view("biufcSUVMmaB?").find(type.front()) == std::string_view::npos) return false;
  type.remove_prefix(1);
  while (!type.empty() && is_digit(static_cast<unsigned char>(type.front()))) type.remove_prefix(1);
  if (type.empty()) return true;
  return type.front() == '[' && type.back() == ']' &&
         std::all_of(type.begin() + 1, type.end() - 1, [](unsigned char letter) { return std::isalnum(letter) != 0; });
}

bool is_object_type(std::string_view type) {
  if (!type.empty() && type.front() == '|') type.remove_prefix(1);
  return type == "O" || type == "O8" || type == "O4";
}

// The value of 'descr': one text, or a list of fields ('name', 'type') or ('name', 'type', (shape…)), whose types may
// be such lists themselves. A text right behind "(" that opens a field is a name; every other one is a type.
class Description {
 public:
  explicit Description(std::string_view text) : text_(text) {}

  Answer objects() {
    const Answer found = value();
    skip_spaces();
    // Texts side by side are one text to Python: what follows must be the next key, or the end.
    const bool over = at_ < text_.size() && (text_[at_] == ',' || text_[at_] == '}');
    return closed_ && over ? found : Answer::unknown;
  }

 private:
  void skip_spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  bool take(char letter) {
    skip_spaces();
    if (at_ == text_.size() || text_[at_] != letter) return false;
    ++at_;
    return true;
  }
  std::optional<std::string_view> text() {
    skip_spaces();
    if (at_ == text_.size() || (text_[at_] != '\'' && text_[at_] != '"')) return std::nullopt;
    const std::size_t end = text_.find(text_[at_], at_ + 1);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view out = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    if (out.find('\\') != std::string_view::npos) return std::nullopt;
    return out;
  }
  Answer type_of(std::string_view type) const {
    return is_plain_type(type) ? Answer::no : is_object_type(type) ? Answer::yes : Answer::unknown;
  }
  Answer value() {
    constexpr int kMaxDepth = 16;
    if (const auto type = text()) return type_of(*type);
    if (++depth_ > kMaxDepth || !take('[')) return broken();
    Answer worst = Answer::no;
    while (!take(']')) {
      worst = std::max(worst, field());
      if (!closed_ || (!take(',') && !ends_list())) return broken();
    }
    --depth_;
    return worst;
  }
  Answer field() {
    if (!take('(') || !text() || !take(',')) return broken();
    const Answer type = value();
    if (closed_ && take(',')) shape();
    return closed_ && take(')') ? type : broken();
  }
  void shape() {
    if (!take('(')) return;  // a comma may end a field
    while (at_ < text_.size() && text_[at_] != ')') {
      if (!is_digit(static_cast<unsigned char>(text_[at_])) && text_[at_] != ',' && text_[at_] != ' ') broken();
      ++at_;
    }
    take(')');
  }
  bool ends_list() {
    skip_spaces();
    return at_ < text_.size() && text_[at_] == ']';
  }
  Answer broken() {
    closed_ = false;
    return Answer::unknown;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool closed_ = true;
};

}  // namespace

Answer has_numpy_objects(std::string_view header) {
  // NumPy evaluates the whole literal, and of a key that stands twice the last one counts.
  for (const std::string_view key : {"'descr':", "\"descr\":"}) {
    const std::size_t at = header.find(key);
    if (at == std::string_view::npos) continue;
    if (header.find("descr", at + key.size()) != std::string_view::npos || header.find('\\') != std::string_view::npos)
      return Answer::unknown;
    return Description(header.substr(at + key.size())).objects();
  }
  return Answer::unknown;
}

std::optional<NumpyHeader> read_numpy_header(std::span<const std::byte> start) {
  const std::string_view text(reinterpret_cast<const char*>(start.data()), start.size());
  if (!text.starts_with(kMark)) return std::nullopt;
  NumpyHeader out;
  if (start.size() < kWide) return out;
  const bool narrow = start[kMark.size()] == std::byte{1};
  const std::size_t head = narrow ? kNarrow : kWide;
  const std::uint64_t length = get_u32(start.data() + 8) & (narrow ? 0xFFFFu : 0xFFFFFFFFu);
  out.data_start = head + length;
  if (out.data_start <= start.size()) out.objects = has_numpy_objects(text.substr(head, static_cast<std::size_t>(length)));
  return out;
}

}  // namespace assay
