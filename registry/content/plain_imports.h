// SPDX-License-Identifier: Apache-2.0
// What a pickle may import and still be called plain: containers, numbers, arrays and tensors, and the functions that
// rebuild them, none of which runs anything that it is given. An allow-list: whatever is not on it is not plain.
#pragma once

#include <span>
#include <string_view>

namespace assay {

struct PlainImport {
  std::string_view module;
  std::string_view name;
};

std::span<const PlainImport> plain_imports();
bool is_plain_import(std::string_view module, std::string_view name);

}  // namespace assay
