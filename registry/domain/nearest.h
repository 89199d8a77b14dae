// SPDX-License-Identifier: Apache-2.0
// "Did you mean …": the known name closest to one that was not found.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace assay {

// How many letters must be inserted, removed or replaced, or swapped with their neighbour, to make `left` of
// `right`, ignoring case. Only the first 128 bytes of each count.
std::size_t edit_distance(std::string_view left, std::string_view right);

// The closest of `known`, the first on a tie; none when even that one is further than a third of the longer
// word (at least one letter).
std::optional<std::string> nearest(std::string_view name, std::span<const std::string> known);

// `; did you mean "roc_auc"?`, or nothing: for the end of a message.
std::string did_you_mean(std::string_view name, std::span<const std::string> known);

}  // namespace assay
