// SPDX-License-Identifier: Apache-2.0
// How a library is linked, read from its bytes: rules C02 and C03.
#pragma once

#include <string>
#include <string_view>

namespace assay {

// Both answer what is wrong, or an empty text. Throw as ElfFile does.
std::string wrong_exports(std::string_view library, const std::string& name);
std::string unsafe_linking(std::string_view library, const std::string& name);

}  // namespace assay
