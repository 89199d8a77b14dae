// SPDX-License-Identifier: Apache-2.0
// Starts a job of the server and waits for its end.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "registry/cli/command.h"

namespace assay::cli {

// The job as it ended, whose `result` says what it did; how far it is stands on the terminal meanwhile.
// Throws what the job failed with, and cancelled when somebody stopped it before it had a result.
nlohmann::json run_job(Context& context, const std::string& kind, const nlohmann::json& wish);

}  // namespace assay::cli
