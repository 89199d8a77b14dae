// SPDX-License-Identifier: Apache-2.0
// JSON in the one spelling of RFC 8785, so that equal documents have equal bytes and so equal digests.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "storage/base/digest.h"

namespace assay {

// Members sorted by UTF-16 code units, numbers as ECMAScript writes them, no blanks. Throws invalid_argument
// for what RFC 8785 cannot carry: NaN and infinities, integers beyond ±(2^53 - 1) that are not what a double is
// written as, text that is not UTF-8, binary values. What parse_json reads of the answer has the same answer.
std::string canonical(const nlohmann::json& json);

// The digest of the canonical bytes.
Digest canonical_digest(const nlohmann::json& json);

}  // namespace assay
