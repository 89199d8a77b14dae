// SPDX-License-Identifier: Apache-2.0
// Answers a promotion that waits for people. The answer is bound to what was looked at, and the last one that is needed
// judges anew and moves the stage, all in one transaction.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "registry/access/principal.h"
#include "registry/domain/decision.h"
#include "registry/service/request_key.h"
#include "registry/service/services.h"

namespace assay {

struct ApproveRequest {
  Id decision;  // one that waits
  bool agrees = true;
  std::string reason{};
};

// From a request body, empty or {"reason"}. Throws invalid_argument.
ApproveRequest parse_approve_request(const Id& decision, bool agrees, std::string_view body);

// Needs `promote` on the namespace and the role that the policy names. What is answered is the decision that came of it,
// recorded under an id of its own; it waits too while more people must agree. Throws not_found,
// conflict when the stage, the policy or the evidence that counts is another than that decision waited with, denied also
// for who published the version or asked for its promotion, if the policy says so. When it throws, nothing was written.
Decision approve(const Services& services, const Principal& caller, const ApproveRequest& request,
                 RequestKey* key = nullptr);

// All decisions that wait where the caller may read, newest first; at most `limit`.
std::vector<Decision> list_waiting(const Services& services, const Principal& caller, int limit);

}  // namespace assay
