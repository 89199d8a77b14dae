// SPDX-License-Identifier: Apache-2.0
// How versions are shown to people: without the namespace when it is the standard one.
#pragma once

#include <string>
#include <string_view>

#include "registry/domain/reference.h"

namespace assay::cli {

std::string show_name(const Name& name);                             // "churn", "acme/churn"
std::string show_reference(const Name& name, VersionNumber number);  // "churn@3", "acme/churn@3"
std::string show_reference(const std::string& reference);            // the same of "default/churn@3"

// The stage that `reference` names. Throws invalid_argument with `written` when it names a version.
const StageName& named_stage(const Reference& reference, const std::string& written);
// Whether it is written as the ids of records are, which no file or reference here would be.
bool looks_like_id(std::string_view text);

}  // namespace assay::cli
