// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/search_lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "registry/domain/utf8.h"

namespace assay {
namespace {

using Form = SearchToken::Form;

constexpr std::size_t kShown = 60;  // code points to each side of the place

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool starts_code_point(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
}

// What is shown cannot drive a terminal, and is UTF-8 also where another message cut it inside a character.
std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::string_view rest = text;
    const auto code_point = take_code_point(rest);
    if (!code_point) rest.remove_prefix(1);
    const bool shown = code_point && *code_point >= 0x20 && *code_point != 0x7F;
    out += shown ? text.substr(0, text.size() - rest.size()) : " ";
    text = rest;
  }
  return out;
}

void check_characters(std::string_view text) {
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t at = text.size() - rest.size();
    const auto code_point = take_code_point(rest);
    // Shown only up to there: a message is UTF-8.
    if (!code_point) throw refuse_search(Code::invalid_argument, text.substr(0, at), at, "what follows is not UTF-8");
    if (*code_point == 0) throw refuse_search(Code::invalid_argument, text, at, "no text holds a zero byte");
  }
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<SearchToken> run() {
    std::vector<SearchToken> out;
    while (true) {
      const std::size_t before = at_;
      while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
      SearchToken token = next();
      token.joined = before == token.offset && before != 0;
      out.push_back(std::move(token));
      if (out.back().form == Form::end) return out;
    }
  }

 private:
  SearchToken next() {
    if (at_ == text_.size()) return {.form = Form::end, .offset = at_};
    const char c = text_[at_];
    if (c == '\'') return quoted(Form::text);
    if (c == '"') return quoted(Form::quoted);
    if (c == '`') return quoted(Form::quoted_key);
    if (is_search_word(c)) {
      const std::size_t start = at_;
      while (at_ < text_.size() && is_search_word(text_[at_])) ++at_;
      return {.form = Form::word, .offset = start, .text = std::string(text_.substr(start, at_ - start))};
    }
    return sign();
  }

  SearchToken quoted(Form form) {
    SearchToken token{.form = form, .offset = at_};
    const char quote = text_[at_++];
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == quote && !text_.substr(at_ + 1).starts_with(quote)) {
        ++at_;
        return token;
      }
      if (text_[at_] == quote) ++at_;
      token.text += text_[at_];
    }
    throw refuse_search(Code::invalid_argument, text_, token.offset,
                        fmt::format("the quote that begins here is not closed by another {}", quote));
  }

  SearchToken sign() {
    constexpr std::array<std::string_view, 9> kSigns = {"!=", "<=", ">=", "(", ")", ",", "=", "<", ">"};
    const std::string_view rest = text_.substr(at_);
    const auto found =
        std::find_if(kSigns.begin(), kSigns.end(), [&](std::string_view sign) { return rest.starts_with(sign); });
    if (found == kSigns.end())
      throw refuse_search(Code::invalid_argument, text_, at_,
                          "nothing begins with this character; text goes in single quotes, a key with such characters "
                          "in backticks");
    SearchToken token{.form = Form::sign, .offset = at_, .text = std::string(*found)};
    at_ += found->size();
    return token;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

bool is_search_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("._-+/:@").find(c) != std::string_view::npos;
}

std::vector<SearchToken> search_tokens(std::string_view text) {
  check_characters(text);
  return Lexer(text).run();
}

std::size_t search_column(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  return 1 + static_cast<std::size_t>(std::count_if(before.begin(), before.end(), starts_code_point));
}

Error refuse_search(Code code, std::string_view text, std::size_t offset, const std::string& why) {
  std::size_t start = offset, end = offset, shown = 0;
  for (; start > 0 && shown < kShown; --start)
    if (starts_code_point(text[start - 1])) ++shown;
  const std::size_t indent = shown;
  for (shown = 0; end < text.size(); ++end)
    if (starts_code_point(text[end]) && ++shown > kShown) break;
  const std::string excerpt = printable(text.substr(start, end - start));
  return Error(code, fmt::format("The search cannot be read at column {}: {}\n  {}\n  {}^",
                                 search_column(text, offset), printable(why), excerpt, std::string(indent, ' ')));
}

}  // namespace assay
