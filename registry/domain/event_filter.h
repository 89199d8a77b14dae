// SPDX-License-Identifier: Apache-2.0
// Which events somebody wants to be told of: types, or all types of a noun.
#pragma once

#include <string>
#include <vector>

namespace assay {

class EventFilter {
 public:
  // Each `io.assay.stage.promoted` or `io.assay.stage.*`; none wants everything. Throws invalid_argument for one that
  // is no type of ours, with the nearest that is. The catalogue matches them, as GLOB patterns.
  static EventFilter parse(std::vector<std::string> wanted);

  const std::vector<std::string>& wanted() const { return wanted_; }

  bool operator==(const EventFilter&) const = default;

 private:
  std::vector<std::string> wanted_;  // sorted, each once
};

}  // namespace assay
