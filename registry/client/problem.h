// SPDX-License-Identifier: Apache-2.0
// Turns a refusal of the server into the exception that the rest of the program knows.
#pragma once

#include <string_view>

#include "registry/client/connection.h"
#include "storage/base/error.h"

namespace assay::client {

// The Error that `answer`, whose status is not 2xx, stands for: the server's own code and words when it sent
// application/problem+json, else the nearest code for the status and `doing`, what was attempted.
Error error_of(const Answer& answer, std::string_view doing);

}  // namespace assay::client
