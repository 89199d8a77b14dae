// SPDX-License-Identifier: Apache-2.0
// `assay push model|dataset`: local files become the next version. Next on the way of the bytes:
// client/transfer.h.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/find_version.h"
#include "registry/cli/naming.h"
#include "registry/cli/profile_table.h"
#include "registry/cli/publish_files.h"
#include "registry/cli/table.h"
#include "registry/compute/csv.h"
#include "registry/compute/profile.h"

namespace assay::cli {
namespace {

struct Options {
  std::string name;
  std::vector<std::string> files;
  std::vector<std::string> labels;
  std::string card;
  std::string parent;
  bool resend = false;
};

Labels parse_labels(const std::vector<std::string>& texts) {
  Labels labels;
  for (const std::string& text : texts) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      throw Error(Code::invalid_argument, "--label " + plain(text) + ": write it as key=value");
    if (!labels.emplace(text.substr(0, equals), text.substr(equals + 1)).second)
      throw Error(Code::invalid_argument, "--label " + text.substr(0, equals) + " is given twice");
  }
  return labels;
}

std::vector<CollectedFile> with_card(std::vector<std::string> arguments, const std::string& card) {
  if (!card.empty()) {
    if (std::filesystem::path(card).filename() != "README.md")
      throw Error(Code::invalid_argument, "--card " + card + ": a model card is called README.md");
    arguments.push_back(card);
  }
  return collect_files(arguments);
}

bool is_csv(const CollectedFile& file) {
  return file.path.extension() == "csv";
}

// Every CSV file must read; the one that is the dataset's table (data.csv, or the only one) is described.
std::optional<std::string> profile_of(const std::vector<CollectedFile>& files) {
  std::optional<std::string> profile;
  std::size_t tables = 0;
  bool named = false;
  for (const CollectedFile& file : files) {
    if (!is_csv(file)) continue;
    CsvOptions options;
    options.source = file.file.path.string();
    const TablePtr table = read_csv_file(file.file.path, options);
    ++tables;
    if (file.path.text() == "data.csv" || !named) profile = profile_json(*table);
    named = named || file.path.text() == "data.csv";
  }
  return tables == 1 || named ? profile : std::nullopt;
}

void print_pushed(const Pushed& pushed, const client::PublishDetails& details) {
  const Version& version = pushed.version;
  const std::string reference = show_reference(version.name, version.number);
  const Uploaded& uploaded = pushed.uploaded;
  if (!pushed.created) {
    std::cout << "already " << reference << ", nothing to do (" << version.digest.short_text() << ")\n";
    if (!details.labels.empty()) std::cerr << "its labels stay as they are\n";
    return;
  }
  std::cout << reference << " " << version.digest.text() << '\n'
            << fmt::format("{} file{}, {} of {} sent", version.files.size(),
                           version.files.size() == 1 ? "" : "s", human_size(uploaded.sent_bytes),
                           human_size(version.size()));
  if (uploaded.known_files > 0) std::cout << fmt::format("; {} stored already", uploaded.known_files);
  std::cout << '\n';
  if (details.profile) print_profile(*details.profile, std::cout);
}

int push(Context& context, Kind kind, const Options& options) {
  const Name name = Name::parse(options.name);
  client::PublishDetails details;
  details.labels = parse_labels(options.labels);
  const auto files = with_card(options.files, options.card);
  if (kind == Kind::dataset) details.profile = profile_of(files);
  std::optional<Version> parent;
  if (!options.parent.empty())
    parent = find_version(context.api(), options.parent, std::string(singular(kind)));
  const Pushed pushed = options.resend ? resend_files(context.api(), kind, name, files)
                                       : publish_files(context.api(), kind, name, files, details, parent);
  if (context.json()) {
    nlohmann::json document = pushed.version;
    document["created"] = pushed.created;
    document["sent_bytes"] = pushed.uploaded.sent_bytes;
    context.print_json(document);
  } else if (options.resend) {
    std::cout << fmt::format("{} of {} sent again: whatever was damaged of it is sound\n",
                             human_size(pushed.uploaded.sent_bytes),
                             show_reference(pushed.version.name, pushed.version.number));
  } else {
    print_pushed(pushed, details);
  }
  return 0;
}

void add_kind(CommandSet& commands, CLI::App& family, Kind kind, const CommandText& text) {
  auto options = make_options<Options>();
  CLI::App& command = commands.add(family, text);
  command.add_option("name", options->name, "NAME, or NAMESPACE/NAME")->required();
  command
      .add_option("files", options->files,
                  kind == Kind::model ? "files, or a directory" : "files; tables as CSV")
      ->required();
  command.add_option("--label", options->labels, "key=value; may be repeated")->expected(1)->take_all();
  command.add_option(
      "--parent", options->parent,
      "NAME@VERSION whose files these resemble, beside the newest version's: what it has is not "
      "sent again");
  command.add_flag("--resend", options->resend,
                   "send the files of a version that is there again, and replace what is damaged of them");
  if (kind == Kind::model) command.add_option("--card", options->card, "a README.md to add");
  commands.on(command, [kind, options](Context& context) { return push(context, kind, *options); });
}

}  // namespace

void add_push(CommandSet& commands) {
  CLI::App& family = commands.add_family(kPublishGroup, "push", "Publish files as the next version");
  add_kind(commands, family, Kind::model,
           {"model", "Publish a model's files", "assay push model churn ./churn-model --label team=growth",
            "0 published, or already the newest version"});
  add_kind(commands, family, Kind::dataset,
           {"dataset", "Check and publish a dataset's files", "assay push dataset churn-train data.csv",
            "0 published, or already the newest version"});
}

}  // namespace assay::cli
