// SPDX-License-Identifier: Apache-2.0
// Several promotions that belong together: all of them, or none.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

#include "registry/access/principal.h"
#include "registry/domain/decision.h"
#include "registry/service/promote.h"
#include "registry/service/request_key.h"
#include "registry/service/services.h"

namespace assay {

struct PromotionBatch {
  static constexpr std::size_t kMaxItems = 100;  // one transaction stays short

  std::vector<PromoteRequest> items;
  bool dry_run = false;
};

// From {"items": [{"model","stage","version","expected_revision","plan_digest"}], "dry_run"}. Throws invalid_argument,
// also for a stage that is named twice.
PromotionBatch parse_promotion_batch(std::string_view body);

// All are judged on how things are before any of them, in one transaction. When every one may pass, or is there already,
// all stages move; otherwise none does, and what would have passed is recorded as withheld, naming what it was held for.
// A decision for each, in the order asked. Throws as promote does, of the first that throws; then nothing was written.
std::vector<Decision> promote_batch(const Services& services, const Principal& caller, const PromotionBatch& batch,
                                    RequestKey* key = nullptr);

// {"items","moved"}
nlohmann::json promotion_batch_answer(const std::vector<Decision>& decisions);

}  // namespace assay
