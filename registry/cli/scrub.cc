// SPDX-License-Identifier: Apache-2.0
// `assay scrub`: has the server read everything it stores, says what is damaged and which versions that hits.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/job.h"
#include "registry/cli/table.h"
#include "storage/base/byte_size.h"

namespace assay::cli {
namespace {

using Json = nlohmann::json;

constexpr int kIntegrity = 40;

struct Options {
  std::string rate;
  bool go_on = false;
};

std::string joined(const Json& list) {
  std::string out;
  for (const Json& item : list) out += (out.empty() ? "" : ", ") + item.get<std::string>();
  return out;
}

void print_damage(const Json& report) {
  Table problems({"pack", "offset", "chunk", "repaired", "problem"});
  for (const Json& problem : report.value("problems", Json::array()))
    problems.add({problem.value("pack", ""), problem["offset"].dump(),
                  problem.value("digest", "").substr(0, 19), problem.value("repaired", false) ? "yes" : "no",
                  problem.value("what", "")});
  if (!report.value("problems", Json::array()).empty()) problems.print(std::cout);
  const Json damaged = report.value("damaged_blobs", Json::array());
  if (damaged.empty()) return;
  std::cout << '\n';
  Table blobs({"damaged blob", "needed by"});
  for (const Json& blob : damaged)
    blobs.add({blob.value("digest", ""), blob["needed_by"].empty() ? "nothing" : joined(blob["needed_by"])});
  blobs.print(std::cout);
  std::cout
      << "push the files of these versions again with --resend, or restore a backup: sound bytes take the "
         "place of the damaged or missing ones\n";
}

void print_report(const Json& report) {
  const auto number = [&](const char* key) { return report.value(key, std::uint64_t{0}); };
  std::cout << fmt::format("{} records, {} read{}\n", number("records"), human_size(number("stored_bytes")),
                           report.value("complete", false) ? "" : "; stopped early: --continue goes on");
  if (number("problems_found") == 0 && report.value("damaged_blobs", Json::array()).empty()) {
    std::cout << "no problems\n";
    return;
  }
  std::cout << fmt::format("{} problems, {} of them repaired\n\n", number("problems_found"),
                           number("problems_repaired"));
  print_damage(report);
}

int scrub(Context& context, const Options& options) {
  const std::uint64_t rate = options.rate.empty() ? 0 : parse_byte_size(options.rate);
  const Json job = run_job(context, "scrub", {{"bytes_per_second", rate}, {"continue", options.go_on}});
  const Json& report = job["result"];
  if (context.json())
    context.print_json(report);
  else
    print_report(report);
  const bool sound = report.value("problems_found", 0) == report.value("problems_repaired", 0) &&
                     report.value("damaged_blobs", Json::array()).empty();
  return sound ? 0 : kIntegrity;
}

}  // namespace

void add_scrub(CommandSet& commands) {
  auto options = make_options<Options>();
  CLI::App& command = commands.add(
      kServerGroup, {"scrub", "Read everything stored and repair what another copy can repair (admins only)",
                     "assay scrub --rate 50MiB\nassay scrub --continue",
                     "0 all sound or repaired, 40 something is damaged and not repaired"});
  command.add_option("--rate", options->rate, "read at most so much a second, such as 50MiB");
  command.add_flag("--continue", options->go_on, "where the last scrub stopped, instead of from the start");
  commands.on(command, [options](Context& context) { return scrub(context, *options); });
}

}  // namespace assay::cli
