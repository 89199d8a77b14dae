// SPDX-License-Identifier: Apache-2.0
// How a parser may refuse what it is given: by an Error of a code that it promises, with a message that can be shown.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <string_view>

#include "registry/domain/utf8.h"
#include "storage/base/error.h"

namespace assay::fuzz {

inline bool is_text(std::string_view text) {
  while (!text.empty())
    if (!take_code_point(text)) return false;
  return true;
}

// Whether `read` came to its end. Aborts when it throws an Error of another code; any other exception is not caught. Of
// what was text the message must be text.
template <class Read>
bool taken(std::initializer_list<Code> refusals, Read read, bool from_text = true) {
  try {
    read();
    return true;
  } catch (const Error& error) {
    if (std::find(refusals.begin(), refusals.end(), error.code()) == refusals.end()) std::abort();
    if (from_text && !is_text(error.message())) std::abort();
    return false;
  }
}

}  // namespace assay::fuzz
