// SPDX-License-Identifier: Apache-2.0
// Closed sets of words: one table from an enumeration to its spelling, read both ways.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "registry/domain/utf8.h"
#include "storage/base/error.h"

namespace assay {

template <class Enum>
struct Word {
  Enum value;
  std::string_view text;
};

template <class Enum, std::size_t kCount>
using Words = std::array<Word<Enum>, kCount>;

// Every value of the enumeration has a row.
template <class Enum, std::size_t kCount>
std::string_view spell(const Words<Enum, kCount>& words, Enum value) {
  return std::find_if(words.begin(), words.end(), [&](const auto& word) { return word.value == value; })
      ->text;
}

// Throws invalid_argument naming `place`, the text and the words that may stand there.
template <class Enum, std::size_t kCount>
Enum read_word(const Words<Enum, kCount>& words, std::string_view text, std::string_view place) {
  std::string known;
  for (const auto& word : words) {
    if (word.text == text) return word.value;
    known += (known.empty() ? "" : ", ") + std::string(word.text);
  }
  throw Error(Code::invalid_argument, std::string(place) + " is \"" + std::string(beginning(text)) +
                                          "\", which is none of: " + known);
}

}  // namespace assay
