// SPDX-License-Identifier: Apache-2.0
// Settings to try a component with, made from its config_schema.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "registry/plugin_host/worker/check/subject.h"

namespace assay::worker::check {

using Setting = std::pair<std::string, fake::Json>;

// Every declared end of a range and every choice.
std::vector<Setting> allowed_ends(const Component& component);
// Values that the schema forbids: of another type, past an end, not among the choices, not a number.
std::vector<Setting> forbidden(const Component& component);

}  // namespace assay::worker::check
