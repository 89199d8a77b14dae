// SPDX-License-Identifier: Apache-2.0
// Reads where a model card says that a number stands: "evidence ID /rows/N", anywhere in a text.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

namespace assay::test {

struct EvidencePlace {
  std::string id;
  std::size_t row;
};

// Throws when the text names none. Without a regex: g++ warns of those under sanitizers.
inline EvidencePlace evidence_place(const std::string& text) {
  const std::string before = "evidence ", between = " /rows/";
  const std::size_t rows = text.rfind(between);
  const std::size_t id = rows == std::string::npos ? rows : text.rfind(before, rows);
  if (id == std::string::npos) throw std::invalid_argument("no place of evidence in: " + text);
  const std::size_t start = id + before.size();
  return {text.substr(start, rows - start), std::stoul(text.substr(rows + between.size()))};
}

}  // namespace assay::test
