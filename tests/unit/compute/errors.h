// SPDX-License-Identifier: Apache-2.0
// The Error that a piece of work throws, as a value to look at.
#pragma once

#include <stdexcept>
#include <string_view>

#include "storage/base/error.h"

namespace assay::test {

template <typename Work>
Error error_of(Work&& work) {
  try {
    work();
  } catch (const Error& error) {
    return error;
  }
  throw std::logic_error("no Error was thrown");
}

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != text.npos;
}

}  // namespace assay::test
