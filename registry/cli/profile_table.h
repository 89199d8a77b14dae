// SPDX-License-Identifier: Apache-2.0
// A dataset's profile (registry/compute/profile.h) as a small table.
#pragma once

#include <iosfwd>
#include <string>

namespace assay::cli {

// Prints nothing for a document that is not a profile: other clients may keep anything there.
void print_profile(const std::string& profile, std::ostream& out);

}  // namespace assay::cli
