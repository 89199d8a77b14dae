// SPDX-License-Identifier: Apache-2.0
// The rules of `assay plugin check`: what each promises and how to mend a plugin that breaks it. An id keeps
// its meaning for ever and is never used again. sdk/CHECKS.md shows the same table; a test compares them.
#pragma once

#include <span>
#include <string_view>

namespace assay {

// Each level contains the ones before it.
enum class CheckLevel { basic, standard, strict };

std::string_view level_name(CheckLevel level);
// Throws invalid_argument with the names that there are.
CheckLevel parse_level(std::string_view name);

struct CheckRule {
  std::string_view id;
  CheckLevel level;
  std::string_view promise;  // continues "a plugin …"
  std::string_view mend;     // what its author does next
};

// All, in the order of their ids.
std::span<const CheckRule> check_rules();
// Throws invalid_argument with the nearest id.
const CheckRule& check_rule_named(std::string_view id);

}  // namespace assay
