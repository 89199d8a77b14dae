// SPDX-License-Identifier: Apache-2.0
// `assay search`: versions that meet a condition. Next to read: registry/docs/search.md.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/naming.h"
#include "registry/cli/table.h"
#include "registry/cli/whole_number.h"
#include "registry/domain/search.h"

namespace assay::cli {
namespace {

struct Options {
  std::string query;
  std::string order;
  std::string kind;
  std::size_t limit = 50;
};

// What the search speaks of, each as a column.
struct Columns {
  std::vector<std::string> metrics, labels, params;

  explicit Columns(const Search& search)
      : metrics(mentioned_keys(search, SearchField::metrics)),
        labels(mentioned_keys(search, SearchField::labels)),
        params(mentioned_keys(search, SearchField::params)) {}

  std::vector<std::string> heads() const {
    std::vector<std::string> out = {"version", "published", "by", "size", "stages"};
    for (const auto* names : {&metrics, &labels, &params}) out.insert(out.end(), names->begin(), names->end());
    return out;
  }
  std::vector<std::string> cells(const FoundVersion& version) const {
    std::vector<std::string> out = {reference(version), human_time(format_time(version.created_at)), version.created_by,
                                    human_size(version.size), fmt::format("{}", fmt::join(version.stages, ", "))};
    for (const std::string& name : metrics) {
      const auto found = version.metrics.find(name);
      out.push_back(found == version.metrics.end() ? "-" : human_number(found->second));
    }
    for (const auto& [names, values] : {std::pair(&labels, &version.labels), std::pair(&params, &version.params)})
      for (const std::string& name : *names) out.push_back(values->contains(name) ? values->at(name) : "-");
    return out;
  }

 private:
  // Of what is no model the kind, too.
  static std::string reference(const FoundVersion& version) {
    const std::string text = show_reference(version.name, version.number);
    return version.kind == Kind::model ? text : std::string(singular(version.kind)) + " " + text;
  }
};

int search(Context& context, const Options& options) {
  // Read here, too: for the columns, and so that a slip needs no registry to be found.
  Search wanted = parse_search(options.query);
  if (!options.order.empty()) wanted.order = parse_search_order(options.order);
  std::optional<Kind> kind;
  if (!options.kind.empty()) kind = kind_from_singular(options.kind);
  const std::vector<FoundVersion> found = context.api().search(options.query, options.order, kind, options.limit);
  if (context.json()) {
    context.print_json(found);
    return 0;
  }
  if (found.empty()) {
    std::cout << "no version matches\n";
    return 0;
  }
  const Columns columns(wanted);
  Table table(columns.heads());
  for (const FoundVersion& version : found) table.add(columns.cells(version));
  table.print(std::cout);
  if (found.size() == options.limit) std::cerr << "there may be more: --limit says how many are shown\n";
  return 0;
}

}  // namespace

void add_search(CommandSet& commands) {
  auto options = make_options<Options>();
  CLI::App& command =
      commands.add(kRecordGroup, {"search", "Find versions by metrics, labels, settings, stages and more",
                                  "assay search \"metrics.roc_auc > 0.8 AND labels.team = 'risk' AND NOT stage = production\"\n"
                                  "assay search \"params.max_depth IN (4, 6)\" --order 'metrics.roc_auc DESC' --limit 5",
                                  ""});
  command.add_option("query", options->query,
                     "the condition; fields are kind, namespace, name, number, digest, created_at, created_by, size, "
                     "stage, plugin, labels.KEY, metrics.NAME, params.NAME")
      ->required();
  command.add_option("--order", options->order, "fields to order by, each with DESC or not; newest first unless given");
  command.add_option("--kind", options->kind, "only model, dataset or plugin");
  command.add_option("--limit", options->limit, "at most so many")->capture_default_str()->check(whole_number(1));
  commands.on(command, [options](Context& context) { return search(context, *options); });
}

}  // namespace assay::cli
