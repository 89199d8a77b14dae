// SPDX-License-Identifier: Apache-2.0
// `assay` from its arguments to its exit code: builds the commands, parses, runs the chosen one, and catches
// Error once.
#include <CLI/CLI.hpp>

#include <cerrno>
#include <iostream>
#include <vector>

#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/table.h"
#include "registry/domain/nearest.h"

namespace assay::cli {
namespace {

constexpr int kUsage = 60;
constexpr const char* kFooter =
    "`assay COMMAND --help` shows an example and the exit codes.\n"
    "The registry is the one running on this machine's data directory unless --url or ASSAY_URL names "
    "another;\n"
    "the token is this machine's admin token unless --token-file or ASSAY_TOKEN gives one.";

void add_all(CommandSet& commands) {
  add_push(commands);
  add_pull(commands);
  add_cache(commands);
  add_sign(commands);
  add_delete(commands);
  add_export(commands);
  add_import(commands);
  add_train(commands);
  add_tune(commands);
  add_evaluate(commands);
  add_validate(commands);
  add_score(commands);
  add_drift(commands);
  add_reproduce(commands);
  add_promote(commands);
  add_rollback(commands);
  add_lease(commands);
  add_approve(commands);
  add_policy(commands);
  add_problem(commands);
  add_decision(commands);
  add_ls(commands);
  add_show(commands);
  add_search(commands);
  add_history(commands);
  add_explain(commands);
  add_lineage(commands);
  add_card(commands);
  add_runs(commands);
  add_why(commands);
  add_stats(commands);
  add_quota(commands);
  add_key(commands);
  add_audit(commands);
  add_serve(commands);
  add_plugin(commands);
  add_token(commands);
  add_trust(commands);
  add_webhook(commands);
  add_gc(commands);
  add_scrub(commands);
  add_fsck(commands);
  add_repair(commands);
  add_backup(commands);
  add_version(commands);
}

// Whether the word after `argument` is its value: an option of `app` or of a command above it.
bool takes_value(const CLI::App* app, const std::string& argument) {
  for (; app != nullptr; app = app->get_parent())
    if (const CLI::Option* option = app->get_option_no_throw(argument)) return option->get_items_expected_max() > 0;
  return false;
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

const CLI::App* find_command(const CLI::App& app, const std::string& name) {
  const auto found = app.get_subcommands([&](const CLI::App* command) { return command->check_name(name); });
  return found.empty() ? nullptr : found.front();
}

// The command that `argv` gets to before the first word that names none, and what to say about that word.
struct Misspelling {
  const CLI::App* reached;
  std::string message;  // empty when every word names a command
};

Misspelling find_misspelling(const CLI::App& root, int argc, const char* const* argv) {
  const CLI::App* app = &root;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.starts_with('-')) {
      if (takes_value(app, word)) ++i;
      continue;
    }
    const auto names = command_names(*app);
    if (names.empty()) break;
    if (const CLI::App* next = find_command(*app, word)) {
      app = next;
      continue;
    }
    const std::string where = app == &root ? "" : app->get_name() + " ";
    return {app, "there is no command `" + where + plain(word) + "`" + did_you_mean(word, names)};
  }
  return {app, ""};
}

std::string path_of(const CLI::App& app) {
  const CLI::App* parent = app.get_parent();
  return parent == nullptr ? app.get_name() : path_of(*parent) + " " + app.get_name();
}

int usage_error(const CLI::App& root, int argc, const char* const* argv, const std::string& what) {
  const Misspelling misspelling = find_misspelling(root, argc, argv);
  const std::string& message = misspelling.message.empty() ? what : misspelling.message;
  std::cerr << "assay: " << message << "\nSee `" << path_of(*misspelling.reached) << " --help`.\n";
  return kUsage;
}

// A message may quote what a server or a file says, which must not drive the terminal. Breaks of lines may be its own.
std::string shown(std::string_view message) {
  std::string out = plain(message);
  for (std::size_t i = 0; i < out.size(); ++i)
    if (message[i] == '\n') out[i] = '\n';
  return out;
}

int run_chosen(const Action& action, Context& context) {
  try {
    const int code = action(context);
    errno = 0;
    if (std::cout.flush()) return code;
    // A full disk must not look like success; a reader that has seen enough (`| head`) needs no message.
    if (errno == EPIPE) return info(Code::unavailable).exit_code;
    throw Error(Code::unavailable, "writing the result failed: is the disk full?");
  } catch (const Error& error) {
    std::cerr << "assay: " << shown(error.message()) << '\n';
    return info(error.code()).exit_code;
  } catch (const std::exception& error) {
    std::cerr << "assay: unexpected: " << shown(error.what()) << '\n';
    return info(Code::internal).exit_code;
  }
}

}  // namespace

int run(int argc, const char* const* argv, const Program& program) {
  CLI::App app("A model registry and artifact store with algorithms as plugins.", "assay");
  app.footer(kFooter);
  app.set_version_flag("--version", "assay " + program.version);
  app.require_subcommand(1);
  GlobalOptions globals;
  bool json = false;
  app.add_option("--url", globals.url, "where the registry is: http://host:port");
  app.add_option("--token-file", globals.token_file, "a file that holds the token");
  app.add_flag("--json", json, "print the result as JSON");
  CommandSet commands(app);
  add_all(commands);
  if (argc <= 1) {
    std::cerr << app.help();
    return kUsage;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    return usage_error(app, argc, argv, error.what());
  }
  Context context(program, globals);
  context.set_json(json);
  return run_chosen(commands.chosen(), context);
}

}  // namespace assay::cli
