// SPDX-License-Identifier: Apache-2.0
// A model card for people, in GitHub's Markdown.
#pragma once

#include <string>

#include "registry/domain/model_card.h"

namespace assay::cli {

// A section for every record with numbers, under the record's id. Other people's text in it is no markup.
std::string card_markdown(const Card& card);

}  // namespace assay::cli
