// SPDX-License-Identifier: Apache-2.0
// Which column somebody may have meant.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assay::table_contract {

// From 0 to 1: twice the longest common subsequence over both lengths, letters of either case alike.
double similarity(std::string_view a, std::string_view b);

// The most similar of `names`, the first of equals; none below a similarity of 0.4.
std::optional<std::string> nearest(std::string_view name, const std::vector<std::string>& names);

}  // namespace assay::table_contract
