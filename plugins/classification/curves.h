// SPDX-License-Identifier: Apache-2.0
// The curves behind the numbers, as small JSON documents for plots.
#pragma once

#include <string>

#include "metrics.h"

namespace assay::classification {

// No curve has more points than this; longer ones are thinned evenly, ends kept.
inline constexpr std::size_t kMaxCurvePoints = 1001;

// {"fpr":[...],"tpr":[...],"threshold":[...]}: from the strictest threshold to the loosest; the first, above
// every score, is null. Points on a straight line between their neighbours are left out. Empty lists unless
// both classes occur.
std::string roc_json(const Sample& sample);
// {"recall":[...],"precision":[...],"threshold":[...]}: the same order; empty lists without a positive.
std::string pr_json(const Sample& sample);
// {"bins":[{"low","high","n","mean_score","share_positive"}...]}: the mean and the share of an empty bin are
// null.
std::string calibration_json(const Evaluated& rows);

}  // namespace assay::classification
