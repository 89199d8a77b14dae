// SPDX-License-Identifier: Apache-2.0
// How a value is spelled in a text cell: the one place that decides what is an integer, a number or a truth.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace assay {

// Decimal, within 64 bits, blanks around it allowed.
std::optional<std::int64_t> parse_i64(std::string_view text);
// Decimal or scientific, correctly rounded; also nan, inf and infinity in any case. A finite spelling that
// overflows is none.
std::optional<double> parse_f64(std::string_view text);
// true, True, TRUE, false, False or FALSE.
std::optional<bool> parse_bool(std::string_view text);
// The integer that `value` is exactly, if it is one.
std::optional<std::int64_t> whole(double value);
// RFC 3629: no surrogates, nothing overlong, nothing past U+10FFFF.
bool is_utf8(std::string_view text);

}  // namespace assay
