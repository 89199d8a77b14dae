// SPDX-License-Identifier: Apache-2.0
// As much of UBJSON (draft 12, ubjson.org) as XGBoost writes: objects, arrays (plain and of one number type),
// texts, numbers, truth values. Not for bytes of unknown origin beyond refusing them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gbt {

struct Ubjson {
  // Which of these is filled follows from what is asked for; the others are empty.
  std::map<std::string, Ubjson, std::less<>> members;
  std::vector<Ubjson> items;
  std::vector<double> numbers;  // of an array of one number type, or one number; truth values are 0 and 1
  std::string text;

  // The member of that name. INTERNAL when there is none.
  const Ubjson& at(std::string_view name) const;
};

// INTERNAL when the bytes are not one such document.
Ubjson parse_ubjson(std::string_view bytes);

}  // namespace gbt
