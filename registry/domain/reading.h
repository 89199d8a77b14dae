// SPDX-License-Identifier: Apache-2.0
// What a requirement reads out of one evaluation: a row as it stands, or a number made of several (the mean cost, how
// far groups differ). For selection.cc only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "registry/domain/evidence.h"
#include "registry/domain/requirement.h"

namespace assay {

struct Reading {
  std::optional<double> value{};  // none: there is no such number, and `why` says more if there is more to say
  std::int64_t n = 0;
  bool higher_is_better = true;
  std::optional<double> ci_low{}, ci_high{};
  std::string slice{};
  std::string why{};

  // Whether there is a number that can be held against another.
  bool finite() const;
};

// None when the record does not speak of the requirement at all. Of a slices requirement: that of any slice.
std::optional<Reading> read_evaluation(const Requirement& requirement, const Evidence& evidence);
// The same, or else the first row of that name on whatever slice: what an unlike evaluation has to say.
std::optional<Reading> read_anywhere(const Requirement& requirement, const Evidence& evidence);

// The readings of one metric in the slices of a column, by the slice's name ("region=EU").
std::map<std::string, Reading> read_slices(const Requirement& requirement, const Evidence& evidence);

}  // namespace assay
