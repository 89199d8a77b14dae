// SPDX-License-Identifier: Apache-2.0
// How versions are shown to people: without the namespace when it is the standard one.
#pragma once

#include <string>

#include "registry/domain/reference.h"

namespace assay::cli {

std::string show_name(const Name& name);                             // "churn", "acme/churn"
std::string show_reference(const Name& name, VersionNumber number);  // "churn@3", "acme/churn@3"
std::string show_reference(const std::string& reference);            // the same of "default/churn@3"

}  // namespace assay::cli
