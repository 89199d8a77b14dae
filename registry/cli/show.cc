// SPDX-License-Identifier: Apache-2.0
// `assay show`: one version in full.
#include <fmt/format.h>

#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/find_version.h"
#include "registry/cli/naming.h"
#include "registry/cli/profile_table.h"
#include "registry/cli/table.h"

namespace assay::cli {
namespace {

struct Options {
  std::string reference;
  std::string kind;
};

// By path: what is in a file and whether it is safe to open.
std::map<std::string, std::string> content_words(const nlohmann::json& contents) {
  std::map<std::string, std::string> out;
  for (const nlohmann::json& content : contents) {
    const std::string safe = content.value("safe", "unknown");
    const char* warning = safe == "yes" ? "" : safe == "no" ? ", unsafe" : ", safety unknown";
    out[content.value("path", "")] = content.value("format", "not looked into") + warning;
  }
  return out;
}

// Why files are not known to be safe.
void print_reasons(const nlohmann::json& contents) {
  for (const nlohmann::json& content : contents) {
    if (content.value("safe", "unknown") == "yes") continue;
    for (const nlohmann::json& reason : content.value("reasons", nlohmann::json::array()))
      std::cout << plain(content.value("path", "")) << ": " << plain(reason.is_string() ? reason.get<std::string>() : "")
                << '\n';
  }
}

void print_version(const Version& version, const nlohmann::json& contents) {
  std::cout << singular(version.kind) << ' ' << show_reference(version.name, version.number) << '\n'
            << "digest     " << version.digest.text() << '\n'
            << "published  " << human_time(format_time(version.created_at)) << " by "
            << plain(version.created_by) << '\n';
  if (version.run_id) std::cout << "run        " << version.run_id->text() << '\n';
  for (const std::string& stage : version.stages) std::cout << "stage      " << plain(stage) << '\n';
  for (const auto& [key, value] : version.labels)
    std::cout << "label      " << plain(key) << '=' << plain(value) << '\n';
  std::cout << '\n';
  Table files({"file", "size", "content", "digest"});
  auto words = content_words(contents);
  for (const VersionFile& file : version.files)
    files.add({file.path.text(), human_size(file.size), words[file.path.text()], file.digest.short_text()});
  files.print(std::cout);
  print_reasons(contents);
  if (version.profile) {
    std::cout << '\n';
    print_profile(*version.profile, std::cout);
  }
}

int show(Context& context, const Options& options) {
  const Version version = find_version(context.api(), options.reference, options.kind);
  const nlohmann::json contents = context.api().content(version);
  if (context.json()) {
    nlohmann::json document = version;
    document["content"] = contents;
    context.print_json(document);
  } else {
    print_version(version, contents);
  }
  return 0;
}

}  // namespace

void add_show(CommandSet& commands) {
  auto options = make_options<Options>();
  CLI::App& command =
      commands.add(kRecordGroup, {"show", "Show one version: digest, files and what is in them, labels, profile",
                                  "assay show churn@production\nassay show churn-train@1", ""});
  command.add_option("reference", options->reference, kReferenceHelp)->required();
  command.add_option("--kind", options->kind, kKindHelp);
  commands.on(command, [options](Context& context) { return show(context, *options); });
}

}  // namespace assay::cli
