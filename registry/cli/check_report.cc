// SPDX-License-Identifier: Apache-2.0
#include "registry/cli/check_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <ostream>

#include "registry/cli/table.h"
#include "storage/base/error.h"

namespace assay::cli {

nlohmann::json check_json(const std::filesystem::path& data_dir, const CheckReport& report) {
  nlohmann::json problems = nlohmann::json::array();
  for (const auto& problem : report.problems)
    problems.push_back({{"where", problem.where}, {"what", problem.what}});
  return {{"data", data_dir.string()},
          {"versions", report.versions},
          {"blobs", report.blobs},
          {"raw_bytes", report.raw_bytes},
          {"stored_bytes", report.stored_bytes},
          {"unfinished_uploads", report.unfinished_uploads},
          {"audit_entries", report.audit_entries},
          {"problems", std::move(problems)}};
}

void print_check(const std::filesystem::path& data_dir, const CheckReport& report, std::ostream& out) {
  out << fmt::format("{}: {} versions, {} audit entries, {} blobs, {} stored in {}\n", data_dir.string(),
                     report.versions, report.audit_entries, report.blobs, human_size(report.raw_bytes),
                     human_size(report.stored_bytes));
  if (report.unfinished_uploads > 0)
    out << report.unfinished_uploads << " unfinished uploads: the next start removes them\n";
  if (report.problems.empty()) {
    out << "no problems\n";
    return;
  }
  Table table({"where", "problem"});
  for (const auto& problem : report.problems) table.add({problem.where, problem.what});
  table.print(out);
}

int check_exit_code(const CheckReport& report) {
  return report.problems.empty() ? 0 : info(Code::corrupt).exit_code;
}

}  // namespace assay::cli
