// SPDX-License-Identifier: Apache-2.0
// `assay stats`: how much the registry holds, what storing it takes, and what deduplication, deltas and
// compression save.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/naming.h"
#include "registry/cli/table.h"
#include "registry/cli/whole_number.h"
#include "storage/base/error.h"

namespace assay::cli {
namespace {

using Json = nlohmann::json;

struct Options {
  std::string name;
  std::string kind;
  std::size_t limit = 20;
};

std::string cell(const Json& use, const char* key) {
  return human_size(use.value(key, std::uint64_t{0}));
}

std::string ratio(const Json& use) {
  const auto raw = use.value("raw_bytes", std::uint64_t{0});
  const auto stored = use.value("stored_bytes", std::uint64_t{0});
  return raw == 0 ? "-"
                  : fmt::format("{:.1f} %", 100.0 * static_cast<double>(stored) / static_cast<double>(raw));
}

void add_use(Table& table, const std::string& what, const Json& use) {
  table.add({what, use["versions"].dump(), cell(use, "raw_bytes"), cell(use, "stored_bytes"), ratio(use),
             cell(use, "saved_by_dedup"), cell(use, "saved_by_delta"), cell(use, "saved_by_compression")});
}

void print_savings(const Json& savings, bool with_total) {
  Table table({"", "versions", "raw", "stored", "of raw", "dedup", "delta", "compression"});
  if (with_total) add_use(table, "everything", savings["total"]);
  for (const Json& artifact : savings["artifacts"])
    add_use(table,
            artifact.value("kind", "") + " " +
                show_name(Name::of(artifact.value("namespace", ""), artifact.value("name", ""))),
            artifact);
  table.print(std::cout);
}

void print_totals(const Json& totals) {
  const auto number = [&](const char* key) { return totals.value(key, std::uint64_t{0}); };
  std::cout << fmt::format("{} models, {} datasets, {} plugins; {} versions\n", number("models"),
                           number("datasets"), number("plugins"), number("versions"))
            << fmt::format("{} blobs, {} stored in {}\n", number("blobs"), human_size(number("raw_bytes")),
                           human_size(number("stored_bytes")));
}

int all(Context& context, const Options& options) {
  Json document = context.api().stats();
  document["savings"] = context.api().savings(options.limit);
  if (context.json()) {
    context.print_json(document);
    return 0;
  }
  print_totals(document);
  if (document["savings"]["artifacts"].empty()) return 0;
  std::cout << '\n';
  print_savings(document["savings"], true);
  return 0;
}

int one(Context& context, const Options& options) {
  const Name name = Name::parse(options.name);
  Json found;
  for (const Kind kind : kKinds) {
    if (!options.kind.empty() && kind_from_singular(options.kind) != kind) continue;
    if (!context.api().find_artifact(kind, name)) continue;
    const Json savings = context.api().savings(kind, name);
    if (found.is_null())
      found = savings;
    else
      found["artifacts"].push_back(savings["artifacts"][0]);
  }
  if (found.is_null())
    throw Error(Code::not_found,
                "there is no model, dataset or plugin \"" + plain(options.name) + "\": see `assay ls`");
  if (context.json())
    context.print_json(found["artifacts"]);
  else
    print_savings(found, false);
  return 0;
}

}  // namespace

void add_stats(CommandSet& commands) {
  auto options = make_options<Options>();
  CLI::App& command =
      commands.add(kServerGroup, {"stats", "What storing takes, and what dedup, deltas and compression save",
                                  "assay stats\nassay stats churn", ""});
  command.add_option("name", options->name, "one model, dataset or plugin; all when left out");
  command.add_option("--kind", options->kind, "model, dataset or plugin, when the name is of several");
  command.add_option("--limit", options->limit, "so many artifacts, the largest first")
      ->capture_default_str()
      ->check(whole_number(1, 100));
  commands.on(command, [options](Context& context) {
    return options->name.empty() ? all(context, *options) : one(context, *options);
  });
}

}  // namespace assay::cli
