// SPDX-License-Identifier: Apache-2.0
// Reading UTF-8 strictly (RFC 3629: shortest forms only, no surrogates).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace assay {

// Takes one code point off the front of `text`, which must not be empty. Nothing, and `text` unchanged, when
// it is ill-formed.
std::optional<std::uint32_t> take_code_point(std::string_view& text);

// What a terminal or a browser would act on instead of showing it: C0, C1, line separators, direction overrides, BOM.
bool is_invisible(std::uint32_t code_point);

// As much of the start of `text` as a message quotes of what somebody sent: at most `bytes`, and no half character at its
// end. Ill-formed text is cut as if it were well-formed.
std::string_view beginning(std::string_view text, std::size_t bytes = 64);

}  // namespace assay
