// SPDX-License-Identifier: Apache-2.0
// `assay repair`: puts what is damaged in a data directory aside, saves what is sound in it, and checks the
// rest.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/check_report.h"
#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/table.h"

namespace assay::cli {
namespace {

struct Options {
  std::string data;
  bool rebuild_index = false;
};

nlohmann::json repair_json(const RepairReport& report) {
  nlohmann::json files = nlohmann::json::array();
  for (const auto& file : report.files)
    files.push_back({{"path", file.path},
                     {"quarantined", file.quarantined},
                     {"what", file.what},
                     {"records_saved", file.saved},
                     {"records_lost", file.lost}});
  return {{"packs", report.packs}, {"records", report.records}, {"files", std::move(files)}};
}

void print_repair(const RepairReport& report) {
  std::cout << fmt::format("{} packs with {} records looked at, {} files put aside\n", report.packs,
                           report.records, report.files.size());
  if (report.files.empty()) return;
  Table table({"file", "now", "saved", "lost", "problem"});
  for (const auto& file : report.files)
    table.add(
        {file.path, file.quarantined, std::to_string(file.saved), std::to_string(file.lost), file.what});
  table.print(std::cout);
}

int repair(Context& context, const Options& options) {
  const auto data_dir = context.data_dir(options.data);
  const RepairReport report = context.program().repair(data_dir, options.rebuild_index);
  const CheckReport check = context.program().check_data(data_dir);
  if (context.json()) {
    nlohmann::json document = check_json(data_dir, check);
    document["repair"] = repair_json(report);
    context.print_json(document);
  } else {
    print_repair(report);
    print_check(data_dir, check, std::cout);
  }
  return check_exit_code(check);
}

}  // namespace

void add_repair(CommandSet& commands) {
  auto options = make_options<Options>();
  CLI::App& command = commands.add(
      kServerGroup,
      {"repair", "Put damaged files aside and save what is sound in them; deletes nothing",
       "assay repair --data /srv/assay", "0 nothing is damaged any more, 40 something is still missing"});
  command.add_option("--data", options->data, "the data directory; its server must be stopped");
  command.add_flag("--rebuild-index", options->rebuild_index,
                   "compare the index of every pack with its records, and make it anew where they differ");
  commands.on(command, [options](Context& context) { return repair(context, *options); });
}

}  // namespace assay::cli
