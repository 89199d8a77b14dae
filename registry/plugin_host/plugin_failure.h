// SPDX-License-Identifier: Apache-2.0
// What a plugin answers when an operation fails, as an Error of ours.
#pragma once

#include <cstdint>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "storage/base/error.h"

namespace assay {

// `subject` says who attempted what, for messages. `details` may be anything; of an object column, row, json_pointer
// and hint are told.
Error plugin_failure(std::string_view subject, std::int64_t status, std::string_view message,
                     const nlohmann::json& details);

}  // namespace assay
