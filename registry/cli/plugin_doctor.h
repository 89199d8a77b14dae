// SPDX-License-Identifier: Apache-2.0
// One command of the family `assay plugin`, in a file of its own.
#pragma once

#include "registry/cli/command.h"

namespace assay::cli {

void add_plugin_doctor(CommandSet& commands, CLI::App& family);

}  // namespace assay::cli
