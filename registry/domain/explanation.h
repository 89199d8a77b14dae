// SPDX-License-Identifier: Apache-2.0
// Why a rule came out as it did, in one sentence that ends with the smallest change that would flip it.
#pragma once

#include <string>

#include "registry/domain/selection.h"
#include "registry/domain/verdict.h"

namespace assay {

std::string explain(const Requirement& requirement, const Selection& selection, RuleVerdict verdict,
                    const Facts& facts);

// One line on the whole: "refused: churn@4 stays out of production: 1 of 3 rules fails (roc_auc on … >=
// 0.8)".
std::string summarize(const Decision& decision);

}  // namespace assay
