// SPDX-License-Identifier: Apache-2.0
// The three kinds of artifact. Each has name spaces of its own: a model and a dataset may share a name.
#pragma once

#include <array>
#include <string_view>

namespace assay {

enum class Kind { model, dataset, plugin };

inline constexpr std::array kKinds = {Kind::model, Kind::dataset, Kind::plugin};

std::string_view singular(Kind kind);  // "model": in JSON, the catalogue and messages
std::string_view plural(Kind kind);    // "models": in URLs

// Throw invalid_argument, listing the three words.
Kind kind_from_singular(std::string_view text);
Kind kind_from_plural(std::string_view text);

}  // namespace assay
