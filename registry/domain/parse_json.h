// SPDX-License-Identifier: Apache-2.0
// JSON that somebody else wrote, as one document: nothing doubled, too deep, too large or ill-encoded gets through.
// What the members must be is object_reader.h.
#pragma once

#include <cstddef>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace assay {

struct JsonLimits {
  std::size_t max_bytes = 16 << 20;  // a publication of 10 000 files with long paths, with room
  std::size_t max_depth = 32;        // our deepest document has 8
};

// One document and nothing after it. Throws too_large beyond `limits.max_bytes`, else invalid_argument: bad syntax, bad
// UTF-8, a member named twice, too deep, a number beyond double. `what` names the document: "the request body".
nlohmann::json parse_json(std::string_view text, std::string_view what, const JsonLimits& limits = {});

}  // namespace assay
