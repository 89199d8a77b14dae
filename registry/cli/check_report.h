// SPDX-License-Identifier: Apache-2.0
// What checking a data directory found, for people and programs.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <nlohmann/json_fwd.hpp>

#include "registry/cli/program.h"

namespace assay::cli {

nlohmann::json check_json(const std::filesystem::path& data_dir, const CheckReport& report);
void print_check(const std::filesystem::path& data_dir, const CheckReport& report, std::ostream& out);
// 0 without problems, else that of an integrity failure.
int check_exit_code(const CheckReport& report);

}  // namespace assay::cli
