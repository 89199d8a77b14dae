// SPDX-License-Identifier: Apache-2.0
// `assay backup` and `assay restore`: copies of a data directory, made beside its server, and a registry made
// of one.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/check_report.h"
#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/progress.h"
#include "registry/cli/table.h"

namespace assay::cli {
namespace {

struct Options {
  std::string data;
  std::string backup;
};

int back_up(Context& context, const Options& options) {
  const auto data_dir = context.data_dir(options.data);
  const BackupReport report = [&] {
    ProgressLine line("backup");
    return context.program().back_up(
        data_dir, options.backup, [&](std::uint64_t done, std::uint64_t total) { line.bytes(done, total); });
  }();
  if (context.json())
    context.print_json({{"backup", options.backup},
                        {"files", report.files},
                        {"bytes", report.bytes},
                        {"files_copied", report.files_copied},
                        {"bytes_copied", report.bytes_copied}});
  else
    std::cout << fmt::format(
        "{}: {} in {} files, of which {} in {} were copied now\nnot in it: the admin token; `assay restore` "
        "makes "
        "a new one\n",
        options.backup, human_size(report.bytes), report.files, human_size(report.bytes_copied),
        report.files_copied);
  return 0;
}

int restore(Context& context, const Options& options) {
  const auto data_dir = context.data_dir(options.data);
  {
    ProgressLine line("restore");
    context.program().restore(options.backup, data_dir,
                              [&](std::uint64_t done, std::uint64_t total) { line.bytes(done, total); });
  }
  const CheckReport report = context.program().check_data(data_dir);
  if (context.json())
    context.print_json(check_json(data_dir, report));
  else
    print_check(data_dir, report, std::cout);
  return check_exit_code(report);
}

}  // namespace

void add_backup(CommandSet& commands) {
  auto saved = make_options<Options>();
  CLI::App& save = commands.add(
      kServerGroup, {"backup", "Copy a data directory so that it can be restored, also beside its server",
                     "assay backup /mnt/backup/assay --data /srv/assay", "0 the backup is whole"});
  save.add_option("to", saved->backup,
                  "the backup's directory; what it has from an earlier backup is not copied again")
      ->required();
  save.add_option("--data", saved->data, "the data directory");
  commands.on(save, [saved](Context& context) { return back_up(context, *saved); });

  auto wanted = make_options<Options>();
  CLI::App& bring_back =
      commands.add(kServerGroup, {"restore", "Make a data directory of a backup, checking every byte",
                                  "assay restore /mnt/backup/assay --data /srv/assay-restored",
                                  "0 restored and sound, 40 the backup is damaged"});
  bring_back.add_option("from", wanted->backup, "the backup's directory")->required();
  bring_back.add_option("--data", wanted->data, "the data directory to make; empty or not there yet");
  commands.on(bring_back, [wanted](Context& context) { return restore(context, *wanted); });
}

}  // namespace assay::cli
