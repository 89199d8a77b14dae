// SPDX-License-Identifier: Apache-2.0
// Which comparison a requirement is judged on, and which end of its interval. For selection.cc only.
#pragma once

#include "registry/domain/selection.h"

namespace assay {

// For a requirement whose evidence is a comparison. Numbers are turned so that more is better: `candidate` is the worse
// end of the interval or, where slices are corrected for, the better end that the correction leaves the worst one.
Selection select_comparison(const Requirement& requirement, const Facts& facts, const Freshness& freshness, Time now);

}  // namespace assay
