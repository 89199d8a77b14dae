// SPDX-License-Identifier: Apache-2.0
// Sets and shows what a model is for.
#pragma once

#include <optional>
#include <string_view>

#include "registry/access/principal.h"
#include "registry/domain/name.h"
#include "registry/domain/problem.h"
#include "registry/service/services.h"

namespace assay {

// {"digest","problem"}
nlohmann::json problem_answer(const Problem& problem);

// Needs `register` on the namespace. `if_match` is the value of that header: the digest, in quotes, of the document that
// this one replaces, or none. Throws not_found when the model does not exist, conflict when another is there.
Problem set_problem(const Services& services, const Principal& caller, const Name& model, std::string_view body,
                    std::optional<std::string_view> if_match);
// Throws not_found, saying how to set one.
Problem show_problem(const Services& services, const Principal& caller, const Name& model);

}  // namespace assay
