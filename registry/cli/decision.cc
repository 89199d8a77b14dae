// SPDX-License-Identifier: Apache-2.0
// `assay decision`: takes a decision out of the registry with all that it rested on, and judges it again anywhere.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/naming.h"
#include "registry/cli/report.h"
#include "registry/cli/table.h"
#include "registry/cli/yaml_file.h"
#include "registry/domain/bundle.h"
#include "registry/domain/json_reader.h"

namespace assay::cli {
namespace {

struct Options {
  std::string decision;
  std::string output;
};

constexpr std::size_t kMaxBundle = 256 << 20;  // hundreds of evaluations with thousands of rows each

Bundle read_bundle(const std::string& file) {
  return bundle_from_json(parse_json(read_document(file, kMaxBundle), file, {.max_bytes = kMaxBundle}));
}

int export_decision(Context& context, const Options& options) {
  const Bundle bundle = context.api().decision_bundle(Id::parse(options.decision).text());
  write_report(nlohmann::json(bundle).dump(2) + '\n', options.output);
  return 0;
}

int replay_decision(Context& context, const Options& options) {
  const Bundle bundle = looks_like_id(options.decision)
                            ? context.api().decision_bundle(options.decision)
                            : read_bundle(options.decision);
  const std::vector<std::string> differences = replay(bundle);
  if (context.json())
    context.print_json({{"decision", bundle.decision.id ? bundle.decision.id->text() : ""},
                        {"verdict", to_text(bundle.decision.verdict)},
                        {"differences", differences}});
  else if (differences.empty())
    std::cout << fmt::format("judged again on {} record(s): {}\nthe same comes out\n", bundle.facts.evidence.size(),
                             plain(bundle.decision.summary));
  if (differences.empty()) return 0;
  if (!context.json())
    for (const std::string& difference : differences) std::cout << plain(difference) << '\n';
  throw Error(Code::corrupt, "The decision does not follow from what is said to be its evidence: the bundle was altered, "
                             "or another version of assay judges otherwise");
}

}  // namespace

void add_decision(CommandSet& commands) {
  CLI::App& family =
      commands.add_family(kRecordGroup, "decision", "Take decisions out of the registry and judge them again");
  auto exported = make_options<Options>();
  CLI::App& out = commands.add(family, {"export", "Write a decision with its policy, facts and evidence",
                                           "assay decision export 01kb2h5v0q4t8w9xaz3c6d7efg --output decision.json", ""});
  out.add_option("decision", exported->decision, "its id")->required();
  out.add_option("--output", exported->output, "write it to this file");
  commands.on(out, [exported](Context& context) { return export_decision(context, *exported); });
  auto replayed = make_options<Options>();
  CLI::App& again = commands.add(
      family, {"replay", "Judge a decision again; a file needs no registry",
               "assay decision replay decision.json\nassay decision replay 01kb2h5v0q4t8w9xaz3c6d7efg",
               "0 the same comes out, 40 it does not"});
  again.add_option("decision", replayed->decision, "its id, or a file that export wrote")->required();
  commands.on(again, [replayed](Context& context) { return replay_decision(context, *replayed); });
}

}  // namespace assay::cli
