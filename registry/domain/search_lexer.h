// SPDX-License-Identifier: Apache-2.0
// A search cut into words, quoted texts and signs, and the message that shows where one cannot be read. For search.cc
// only.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/error.h"

namespace assay {

struct SearchToken {
  enum class Form {
    word,          // letters, digits and . _ - + / : @, as they stand
    text,          // in '…'
    quoted,        // in "…": a text, or a key
    quoted_key,    // in `…`
    sign,          // ( ) , = != < <= > >=
    end,
  };
  Form form = Form::end;
  std::size_t offset = 0;  // bytes, of its first character
  std::string text{};      // without quotes, doubled quotes made one
  bool joined = false;     // nothing stands between it and the token before
};

// Whether words are made of it.
bool is_search_word(char c);

// The last token is the end. Throws as refuse_search does for a quote that nobody closes, a character that starts
// nothing, bad UTF-8 and NUL.
std::vector<SearchToken> search_tokens(std::string_view text);

// Counted in characters, from 1.
std::size_t search_column(std::string_view text, std::size_t offset);

// "The search cannot be read at column 9: …", and below it the text with a caret under that column.
Error refuse_search(Code code, std::string_view text, std::size_t offset, const std::string& why);

}  // namespace assay
