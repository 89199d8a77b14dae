// SPDX-License-Identifier: Apache-2.0
// Which known word a mistyped one most resembles: for messages that end in "did you mean …?".
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace assay {

// The candidate with the smallest edit distance to `wanted`, ignoring ASCII case; the first of equals. Empty when
// there is no candidate. Only the first 128 bytes of each word count.
std::string_view nearest_name(std::string_view wanted, std::span<const std::string_view> candidates);

// "a, b and c", in the order given.
std::string list_names(std::span<const std::string_view> names);

}  // namespace assay
