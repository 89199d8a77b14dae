// SPDX-License-Identifier: Apache-2.0
// A process that a crash test lets die: it works, tells line by line what it has done, and is done or killed.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace assay::test {

// Heard by the parent even when the child is killed right afterwards. At most 4096 bytes without a line end.
using Tell = std::function<void(std::string_view line)>;

struct Ending {
  bool killed = false;  // by SIGKILL; otherwise it was done
  std::vector<std::string> told{};
};

// Runs `work` in a forked child. Throws std::runtime_error with the child's own words when it threw, or ended in any
// third way.
Ending run_in_child(const std::function<void(const Tell&)>& work);

}  // namespace assay::test
