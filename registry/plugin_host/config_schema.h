// SPDX-License-Identifier: Apache-2.0
// A component's settings against the JSON Schema in its descriptor (Draft 7): defaults filled in, everything
// else refused before any code of the plugin runs.
#pragma once

#include <string_view>

#include "registry/domain/evidence.h"

namespace assay {

inline constexpr std::size_t kMaxConfigBytes = 1 << 20;

// `config`, a JSON object, completed and canonical. Objects are closed: a key that `properties` does not name
// is refused with the nearest one that it does, unless the schema sets additionalProperties to true or a
// schema. Throws invalid_argument with the JSON pointer, the value and what is allowed there; `who` is the
// component, for messages.
Config complete_config(std::string_view schema, std::string_view config, std::string_view who);

}  // namespace assay
