// SPDX-License-Identifier: Apache-2.0
// Spans of time as people write them in policies: a whole number and a unit, such as 90s, 15m, 12h, 30d or
// 2w.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace assay {

using Duration = std::chrono::milliseconds;

// Throws invalid_argument unless `text` is a positive whole number followed by ms, s, m, h, d or w, of at
// most 36500d.
Duration parse_duration(std::string_view text);
// The shortest spelling that parses back to the same span: in the largest unit that divides it.
std::string format_duration(Duration duration);
// About how long, for sentences: the largest unit with at most one decimal, such as 3.5d or 40ms.
std::string rough_duration(Duration duration);

}  // namespace assay
