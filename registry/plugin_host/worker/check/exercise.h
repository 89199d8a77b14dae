// SPDX-License-Identifier: Apache-2.0
// All that a component can do, on rows, models and states that it may refuse with any status; what it does answer must
// be possible, and batches and entries are released and ended as ever.
#pragma once

#include "registry/plugin_host/worker/check/run.h"

namespace assay::worker::check {

struct Given {
  fake::FakeData train, score, reference, current;
};

// Broken for an answer that cannot be; nothing for a refusal.
void exercise(const Made& made, const Given& given, const Way& way);
void exercise_model(const Made& made, const fake::FakeBundle& model, const fake::FakeData& rows, const Way& way);
// Restored, and as what others are compared with.
void exercise_state(const Made& made, const fake::FakeBundle& saved, const fake::FakeData& rows, const Way& way);

}  // namespace assay::worker::check
