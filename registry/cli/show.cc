// SPDX-License-Identifier: Apache-2.0
// `assay show`: one version in full.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/find_version.h"
#include "registry/cli/naming.h"
#include "registry/cli/profile_table.h"
#include "registry/cli/table.h"

namespace assay::cli {
namespace {

struct Options {
  std::string reference;
  std::string kind;
};

void print_version(const Version& version) {
  std::cout << singular(version.kind) << ' ' << show_reference(version.name, version.number) << '\n'
            << "digest     " << version.digest.text() << '\n'
            << "published  " << human_time(format_time(version.created_at)) << " by "
            << plain(version.created_by) << '\n';
  if (version.run_id) std::cout << "run        " << version.run_id->text() << '\n';
  for (const std::string& stage : version.stages) std::cout << "stage      " << plain(stage) << '\n';
  for (const auto& [key, value] : version.labels)
    std::cout << "label      " << plain(key) << '=' << plain(value) << '\n';
  std::cout << '\n';
  Table files({"file", "size", "digest"});
  for (const VersionFile& file : version.files)
    files.add({file.path.text(), human_size(file.size), file.digest.short_text()});
  files.print(std::cout);
  if (version.profile) {
    std::cout << '\n';
    print_profile(*version.profile, std::cout);
  }
}

int show(Context& context, const Options& options) {
  const Version version = find_version(context.api(), options.reference, options.kind);
  if (context.json())
    context.print_json(version);
  else
    print_version(version);
  return 0;
}

}  // namespace

void add_show(CommandSet& commands) {
  auto options = make_options<Options>();
  CLI::App& command =
      commands.add(kRecordGroup, {"show", "Show one version: digest, files, labels, profile",
                                  "assay show churn@production\nassay show churn-train@1", ""});
  command.add_option("reference", options->reference, kReferenceHelp)->required();
  command.add_option("--kind", options->kind, kKindHelp);
  commands.on(command, [options](Context& context) { return show(context, *options); });
}

}  // namespace assay::cli
