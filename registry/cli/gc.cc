// SPDX-License-Identifier: Apache-2.0
// `assay gc`: has the server free what no version needs, and says how much that was.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/job.h"
#include "registry/cli/table.h"

namespace assay::cli {
namespace {

using Json = nlohmann::json;

void print_report(const Json& report) {
  const auto number = [&](const char* key) { return report.value(key, std::uint64_t{0}); };
  const bool dry_run = report.value("dry_run", false);
  std::cout << fmt::format("{} blobs are needed and take {}\n", number("live_blobs"),
                           human_size(number("live_bytes")))
            << fmt::format("{} blobs {} needed by nothing; {} are not needed any more\n",
                           number("dead_blobs"), dry_run ? "are" : "were", human_size(number("dead_bytes")))
            << fmt::format(
                   "{} {}: {} packs removed, {} rewritten{}\n", human_size(number("freed_bytes")),
                   dry_run ? "would be freed" : "freed", number("packs_removed"), number("packs_rewritten"),
                   number("packs_skipped") > 0
                       ? fmt::format(", {} in use and left for the next time", number("packs_skipped"))
                       : "");
  if (number("packs_without_room") > 0)
    std::cout << number("packs_without_room")
              << " packs stay as they are: the disk is too full for a copy of what is live in them; make some room "
                 "and run gc again\n";
  if (number("chunks_rebased") > 0)
    std::cout << number("chunks_rebased")
              << " chunks were stored anew without a parent that nothing else needs\n";
  for (const Json& digest : report.value("largest_dead", Json::array()))
    std::cout << (dry_run ? "  would go: " : "  gone: ") << plain(digest.get<std::string>()) << '\n';
  if (dry_run) std::cout << "nothing was changed: this was a dry run\n";
  if (report.value("stopped", false)) std::cout << "it was stopped early; the next gc does the rest\n";
}

int gc(Context& context, bool dry_run) {
  const Json job = run_job(context, "gc", {{"dry_run", dry_run}});
  if (context.json())
    context.print_json(job["result"]);
  else
    print_report(job["result"]);
  return 0;
}

}  // namespace

void add_gc(CommandSet& commands) {
  auto dry_run = make_options<bool>();
  CLI::App& command = commands.add(
      kServerGroup, {"gc", "Free what no version needs, while uploads and reads go on (admins only)",
                     "assay gc --dry-run\nassay gc", "0 done"});
  command.add_flag("--dry-run", *dry_run, "say what would be freed, and free nothing");
  commands.on(command, [dry_run](Context& context) { return gc(context, *dry_run); });
}

}  // namespace assay::cli
