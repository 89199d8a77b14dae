// SPDX-License-Identifier: Apache-2.0
// `assay quota`: how much each namespace holds and may hold.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/table.h"
#include "storage/base/byte_size.h"

namespace assay::cli {
namespace {

using Json = nlohmann::json;

struct Options {
  std::string space;
  std::string size;
};

std::string limit_text(const Json& quota) {
  return quota["limit_bytes"].is_number() ? byte_size_text(quota["limit_bytes"].get<std::uint64_t>())
                                          : "none";
}

int show(Context& context) {
  const Json quotas = context.api().quotas();
  if (context.json()) {
    context.print_json(quotas);
    return 0;
  }
  Table table({"namespace", "versions", "used", "limit"});
  for (const Json& quota : quotas)
    table.add({quota.value("namespace", ""), quota["versions"].dump(),
               byte_size_text(quota.value("used_bytes", std::uint64_t{0})), limit_text(quota)});
  if (table.empty())
    std::cout << "no namespace holds anything yet\n";
  else
    table.print(std::cout);
  return 0;
}

int set(Context& context, const Options& options) {
  std::optional<std::uint64_t> limit;
  if (options.size != "none") limit = parse_byte_size(options.size);
  const Json quota = context.api().set_quota(Namespace::parse(options.space), limit);
  if (context.json())
    context.print_json(quota);
  else
    std::cout << fmt::format("namespace {}: {} used, limit {}\n", plain(quota.value("namespace", "")),
                             byte_size_text(quota.value("used_bytes", std::uint64_t{0})), limit_text(quota));
  return 0;
}

}  // namespace

void add_quota(CommandSet& commands) {
  CLI::App& family = commands.add_family(kServerGroup, "quota", "Bound what a namespace may hold");
  CLI::App& shown =
      commands.add(family, {"show", "List what each namespace holds and may hold", "assay quota show", ""});
  commands.on(shown, [](Context& context) { return show(context); });
  auto options = make_options<Options>();
  CLI::App& changed =
      commands.add(family, {"set", "Set the limit of a namespace, or `none` (admins of all namespaces)",
                            "assay quota set acme 10GiB\nassay quota set acme none", "0 set"});
  changed.add_option("namespace", options->space, "the namespace")->required();
  changed.add_option("size", options->size, "such as 10GiB: the files of all versions, each in full")
      ->required();
  commands.on(changed, [options](Context& context) { return set(context, *options); });
}

}  // namespace assay::cli
