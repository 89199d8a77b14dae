// SPDX-License-Identifier: Apache-2.0
// `assay delete`: takes one version away, unless something needs it.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/find_version.h"
#include "registry/cli/naming.h"
#include "registry/cli/table.h"
#include "storage/base/error.h"

namespace assay::cli {
namespace {

struct Options {
  std::string reference;
  std::string kind;
};

int delete_version(Context& context, const Options& options) {
  const Reference reference = Reference::parse(options.reference);
  if (!std::holds_alternative<VersionNumber>(reference.selector.value()) &&
      !std::holds_alternative<Digest>(reference.selector.value()))
    throw Error(Code::invalid_argument,
                fmt::format("\"{}\" may mean another version tomorrow: name the one to delete by number or "
                            "digest, such as {}@3",
                            plain(options.reference), reference.name.name()));
  const Version version = find_version(context.api(), options.reference, options.kind);
  const nlohmann::json tombstone =
      context.api().delete_version(version.kind, {version.name, Selector(version.number)});
  if (context.json())
    context.print_json(tombstone);
  else
    std::cout << fmt::format("deleted {} {} ({}); what nothing else needs is freed by `assay gc`\n",
                             singular(version.kind), show_reference(version.name, version.number),
                             human_size(version.size()));
  return 0;
}

}  // namespace

void add_delete(CommandSet& commands) {
  auto options = make_options<Options>();
  CLI::App& command = commands.add(
      kPublishGroup, {"delete", "Take a version away; its number is never given out again (admins only)",
                      "assay delete churn@3", "0 deleted, 30 a stage, a version or a policy needs it"});
  command.add_option("reference", options->reference, "NAME@NUMBER or NAME@sha256:…")->required();
  command.add_option("--kind", options->kind, kKindHelp);
  commands.on(command, [options](Context& context) { return delete_version(context, *options); });
}

}  // namespace assay::cli
