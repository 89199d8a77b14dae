// SPDX-License-Identifier: Apache-2.0
// What a classifier of several classes did, as rows of the metric table.
#pragma once

#include <string>
#include <vector>

#include "assay/results.hpp"
#include "class_metrics.h"
#include "intervals.h"

namespace assay::classification {

struct ClassNames {
  const std::string& label;  // the column
  const std::vector<std::string>& classes;
};

// The metrics of one slice, intervals and all. With `names`, also the rows of each class ("species=setosa")
// and, up to kMaxClassesInMatrix classes, of each pair of label and prediction.
ClassSummary report_classes(const ClassEvaluated& rows, const std::string& slice, const ClassNames* names,
                            const BootstrapSettings& settings, const Poll& poll, std::vector<sdk::Metric>& out);

// {"classes":[...],"counts":[[...]]}: a list for each label, in it a count for each prediction.
std::string confusion_json(const ClassSummary& summary, const std::vector<std::string>& classes);

}  // namespace assay::classification
