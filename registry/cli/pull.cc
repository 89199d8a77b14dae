// SPDX-License-Identifier: Apache-2.0
// `assay pull`: a version's files, each verified against its digest before it gets its name.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/find_version.h"
#include "registry/cli/naming.h"
#include "registry/cli/progress.h"
#include "registry/cli/table.h"

namespace assay::cli {
namespace {

struct Options {
  std::string reference;
  std::string directory;
  std::string kind;
};

int pull(Context& context, const Options& options) {
  const Version version = find_version(context.api(), options.reference, options.kind);
  // A stage may move while its files travel; the number does not.
  const Reference exact{version.name, Selector(version.number)};
  std::size_t here = 0;
  for (const VersionFile& file : version.files) {
    ProgressLine line(file.path.text());
    const client::Wanted wanted{client::file_target(version.kind, exact, file.path.text()), file.digest,
                                file.size};
    const auto fetched = client::download(context.api().session(), wanted,
                                          std::filesystem::path(options.directory) / file.path.text(),
                                          [&](auto done, auto total) { line.bytes(done, total); });
    if (fetched == client::Fetched::already_there) ++here;
  }
  if (context.json()) {
    context.print_json({{"reference", version.reference()},
                        {"digest", version.digest.text()},
                        {"directory", options.directory},
                        {"downloaded", version.files.size() - here},
                        {"already_there", here}});
    return 0;
  }
  std::cout << fmt::format("{} {}\n{} files, {} in {}, every byte verified",
                           show_reference(version.name, version.number), version.digest.text(),
                           version.files.size(), human_size(version.size()), options.directory);
  if (here > 0) std::cout << fmt::format("; {} were there already", here);
  std::cout << '\n';
  return 0;
}

}  // namespace

void add_pull(CommandSet& commands) {
  auto options = make_options<Options>();
  CLI::App& command = commands.add(
      kPublishGroup,
      {"pull", "Fetch a version's files, verified; run it again to resume",
       "assay pull churn@production ./churn-model\nassay pull churn-train@1 ./data", "0 complete"});
  command.add_option("reference", options->reference, kReferenceHelp)->required();
  command.add_option("directory", options->directory, "where to; made when missing")->required();
  command.add_option("--kind", options->kind, kKindHelp);
  commands.on(command, [options](Context& context) { return pull(context, *options); });
}

}  // namespace assay::cli
