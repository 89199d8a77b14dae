// SPDX-License-Identifier: Apache-2.0
// `assay audit`: who changed what; `audit verify` and `audit checkpoint`: whether that is still what was recorded. Next
// to read: registry/client/verify_audit.h.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/progress.h"
#include "registry/cli/report.h"
#include "registry/cli/table.h"
#include "registry/cli/whole_number.h"
#include "registry/cli/yaml_file.h"
#include "registry/client/verify_audit.h"
#include "storage/base/error.h"

namespace assay::cli {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxFile = 1 << 20;  // far more than a checkpoint or a key may have

struct Options {
  std::size_t limit = 50;
  std::string checkpoint;
  std::string key;
  std::string output;
};

int list(Context& context, const Options& options) {
  const Json entries = context.api().audit(options.limit);
  if (context.json()) {
    context.print_json(entries);
    return 0;
  }
  Table table({"seq", "when", "who", "action", "what"});
  for (const Json& entry : entries)
    table.add({entry.at("seq").dump(), human_time(entry.value("time", "")), entry.value("actor", ""),
               entry.value("action", ""), entry.value("subject", "")});
  table.print(std::cout);
  return 0;
}

std::optional<LogKey> key_in(const std::string& file) {
  if (file.empty()) return std::nullopt;
  return LogKey::parse(read_document(file, kMaxFile));
}

int checkpoint(Context& context, const Options& options) {
  const auto [key, text] = client::audit_checkpoint(context.api().session());
  const TreeHead head = open_checkpoint(text, key, "the server's checkpoint");
  if (!options.output.empty()) write_report(text, options.output);
  if (context.json())
    context.print_json({{"log", key.name()},
                        {"size", head.size},
                        {"root", head.root.text()},
                        {"checkpoint", text},
                        {"key", key.text()}});
  else if (options.output.empty())
    std::cout << text;
  else
    std::cout << fmt::format("{} entries of {}, in {}: keep it where the registry cannot change it\n", head.size,
                             key.name(), options.output);
  return 0;
}

client::AuditVerification verify_trail(Context& context, const Options& options) {
  client::AuditExpected expected{.key = key_in(options.key)};
  if (!options.checkpoint.empty()) expected.pinned = read_document(options.checkpoint, kMaxFile);
  ProgressLine line("audit");
  return client::verify_audit(context.api().session(), expected, [&](std::uint64_t done, std::uint64_t total) {
    line.fraction(static_cast<double>(done) / static_cast<double>(total), "verifying");
  });
}

void print_verification(const client::AuditVerification& result) {
  for (const std::string& problem : result.problems) std::cout << plain(problem) << '\n';
  if (!result.problems.empty()) return;
  std::cout << fmt::format("all {} entries of {} are as they were signed; root {}\n", result.entries, result.log,
                           result.root->text());
  if (result.pinned) std::cout << fmt::format("they continue the {} of the pinned checkpoint\n", *result.pinned);
}

int verify(Context& context, const Options& options) {
  const client::AuditVerification result = verify_trail(context, options);
  if (context.json())
    context.print_json({{"log", result.log},
                        {"entries", result.entries},
                        {"root", result.root->text()},
                        {"pinned", result.pinned ? Json(*result.pinned) : Json()},
                        {"problems", result.problems}});
  else
    print_verification(result);
  return result.problems.empty() ? 0 : info(Code::corrupt).exit_code;
}

void add_verify(CommandSet& commands, CLI::App& family, CLI::Option* limit) {
  auto options = make_options<Options>();
  CLI::App& command = commands.add(
      family,
      {"verify", "Hash every entry anew and compare with what the registry signed (admins only)",
       "assay audit verify --checkpoint pinned.txt      # as often as you like\n"
       "assay audit checkpoint --output pinned.txt      # once, before; keep it elsewhere",
       "0 all entries are as they were signed, 40 some were changed, removed or moved"});
  command.add_option("--checkpoint", options->checkpoint, "an earlier checkpoint, which the trail must continue");
  command.add_option("--key", options->key, "the public key that must have signed, in a file; else the server is asked");
  command.excludes(limit);
  commands.on(command, [options](Context& context) { return verify(context, *options); });
}

void add_checkpoint(CommandSet& commands, CLI::App& family, CLI::Option* limit) {
  auto options = make_options<Options>();
  CLI::App& command =
      commands.add(family, {"checkpoint", "What the trail is now, signed by the registry (admins only)",
                            "assay audit checkpoint --output pinned.txt\n"
                            "assay audit checkpoint --json | jq -r .key > audit.pub",
                            ""});
  command.add_option("--output", options->output, "into this file; else it is printed");
  command.excludes(limit);
  commands.on(command, [options](Context& context) { return checkpoint(context, *options); });
}

}  // namespace

void add_audit(CommandSet& commands) {
  auto options = make_options<Options>();
  CLI::App& command = commands.add(
      kServerGroup, {"audit", "List every change, newest first (admins only), and prove that nobody edited the list",
                     "assay audit --limit 20", ""});
  CLI::Option* limit = command.add_option("--limit", options->limit, "at most so many")
                           ->capture_default_str()
                           ->check(whole_number(1));
  commands.on(command, [options](Context& context) { return list(context, *options); });
  add_verify(commands, command, limit);
  add_checkpoint(commands, command, limit);
}

}  // namespace assay::cli
