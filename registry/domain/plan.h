// SPDX-License-Identifier: Apache-2.0
// What a dry run promises: which version would replace which, by which policy, and on which evidence each rule was
// decided. Whoever reviewed that can ask for exactly that to happen, by its digest.
#pragma once

#include "registry/domain/decision.h"
#include "storage/base/digest.h"

namespace assay {

// Equal for two judgements that agree in all of this, whoever asked and whenever: times and ages are left out, as far
// as they changed no rule's verdict.
Digest plan_digest(const Decision& decision);

}  // namespace assay
