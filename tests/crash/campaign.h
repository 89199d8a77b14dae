// SPDX-License-Identifier: Apache-2.0
// How long a campaign is: campaign.sh says so in the environment.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <string>

namespace assay::test {

// What ASSAY_CAMPAIGN_CYCLES says, else `otherwise`.
inline std::size_t cycles(std::size_t otherwise) {
  const char* text = std::getenv("ASSAY_CAMPAIGN_CYCLES");
  return text ? std::stoul(text) : otherwise;
}

}  // namespace assay::test
