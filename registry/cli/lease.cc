// SPDX-License-Identifier: Apache-2.0
// `assay lease`: holds a stage for a while, so that nobody else promotes to it.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/naming.h"
#include "registry/cli/table.h"

namespace assay::cli {
namespace {

struct Options {
  std::string reference;
  std::string length;
  std::string reason;
  bool release = false;
};

void print_lease(Context& context, const std::string& where, const std::optional<Lease>& lease) {
  if (context.json()) return context.print_json({{"lease", lease ? nlohmann::json(*lease) : nlohmann::json()}});
  if (!lease) {
    std::cout << "nobody holds " << where << '\n';
    return;
  }
  std::cout << fmt::format("{} holds {} until {}{}\n", plain(lease->holder), where, human_time(format_time(lease->until)),
                           lease->reason.empty() ? "" : " (" + plain(lease->reason) + ")");
}

int lease(Context& context, const Options& options) {
  const Reference reference = Reference::parse(options.reference);
  const std::string stage = named_stage(reference, options.reference).text();
  const std::string where = show_name(reference.name) + "@" + stage;
  if (options.release) {
    context.api().give_back_lease(reference.name, stage);
    print_lease(context, where, std::nullopt);
  } else if (options.length.empty()) {
    print_lease(context, where, context.api().lease(reference.name, stage));
  } else {
    print_lease(context, where,
                context.api().take_lease(reference.name, stage, options.length, options.reason));
  }
  return 0;
}

}  // namespace

void add_lease(CommandSet& commands) {
  auto options = make_options<Options>();
  CLI::App& command =
      commands.add(kStageGroup, {"lease", "Hold a stage for a while: nobody else promotes to it (a rollback passes)",
                                 "assay lease churn@production --for 2h --reason \"moving the database\"\n"
                                 "assay lease churn@production             # who holds it?\n"
                                 "assay lease churn@production --release",
                                 "30 somebody else holds it"});
  command.add_option("reference", options->reference, "MODEL@STAGE")->required();
  auto* length = command.add_option("--for", options->length, "how long, such as 30m or 2h; at most 7d");
  command.add_option("--reason", options->reason, "why: whoever is held back reads it")->needs(length);
  command.add_flag("--release", options->release, "give it back")->excludes(length);
  commands.on(command, [options](Context& context) { return lease(context, *options); });
}

}  // namespace assay::cli
