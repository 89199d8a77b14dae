// SPDX-License-Identifier: Apache-2.0
// `assay plugin new`: a project of one plugin that builds, passes its tests and keeps the contract as it is
// written. The files are the SDK's templates with names put in.
#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/table.h"
#include "storage/base/error.h"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;

struct NewOptions {
  std::string name;
  std::string language = "cpp";
  std::string kind;
  std::string directory;
};

// The words that stand between '@' in the templates, in their names and in their text.
using Words = std::vector<std::pair<std::string, std::string>>;

std::string put_in(std::string text, const Words& words) {
  for (const auto& [word, value] : words)
    for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos; at += value.size())
      text.replace(at, word.size(), value);
  return text;
}

void require_name(const std::string& name) {
  // A plugin's name in a manifest, and that of a file, a target of CMake and a crate.
  const auto letter = [](unsigned char c) { return std::isalnum(c) != 0 && c < 0x80; };
  bool good = !name.empty() && name.size() <= 64 && std::isalpha(static_cast<unsigned char>(name[0])) != 0;
  for (std::size_t i = 0; i < name.size(); ++i)
    good = good && (letter(static_cast<unsigned char>(name[i])) ||
                    (std::string_view("-_.").find(name[i]) != std::string_view::npos && i > 0 &&
                     i + 1 < name.size() && letter(static_cast<unsigned char>(name[i - 1]))));
  if (!good)
    throw Error(Code::invalid_argument,
                "cannot make a plugin called \"" + plain(name) +
                    "\": a name is up to 64 letters and digits with single '-', '_' or '.' between them, and "
                    "begins with a letter");
}

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) throw Error(Code::internal, "cannot read the template " + path.string());
  return std::move(text).str();
}

void write(const fs::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (!out) throw Error(Code::internal, "cannot write " + path.string() + "; is there room?");
}

// Copies every file below `from`, and says which.
void lay_over(const fs::path& from, const fs::path& to, const Words& words, std::vector<std::string>& written) {
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(from)) {
    if (!entry.is_regular_file()) continue;
    const std::string path = put_in(fs::relative(entry.path(), from).generic_string(), words);
    fs::create_directories((to / path).parent_path());
    write(to / path, put_in(read(entry.path()), words));
    written.push_back(path);
  }
}

Words words_of(const NewOptions& options, const fs::path& prefix) {
  std::string file = options.name;
  for (char& c : file)
    c = c == '-' || c == '.' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const bool rust = options.language == "rust";
  const std::string source = rust ? "src/lib.rs" : file + (options.language == "c" ? ".c" : ".cc");
  return {{"@NAME@", options.name},
          {"@FILE@", file},
          {"@LANG@", options.language},
          {"@KIND@", options.kind},
          {"@PREFIX@", prefix.generic_string()},
          {"@SOURCE@", source},
          {"@BUILD@", rust ? "cargo test && cargo build --release"
                           : "cmake -B build && cmake --build build && ctest --test-dir build"},
          {"@LIBRARY@", rust ? "target/release/lib" + file + ".so"
                             : "build/lib/assay/plugins/" + options.name + ".so"}};
}

int make_new(Context& context, const NewOptions& options) {
  require_name(options.name);
  const fs::path templates = context.program().sdk_prefix / "share/assay-sdk/template";
  if (!fs::is_directory(templates))
    throw Error(Code::not_found, "the SDK's templates are not at " + templates.string() +
                                     "; install Assay (cmake --install) and use the assay there");
  const fs::path to = options.directory.empty() ? fs::path(options.name) : fs::path(options.directory);
  if (fs::exists(to) && !(fs::is_directory(to) && fs::is_empty(to)))
    throw Error(Code::already_exists,
                "cannot make a project in " + to.string() + ": something is there; name another with --to");
  std::vector<std::string> folders = {"common", "kind/" + options.kind, options.language + "/project",
                                      options.language + "/" + options.kind};
  if (options.language != "rust") folders.push_back("test/" + options.kind);  // Rust's stand in the source
  const Words words = words_of(options, context.program().sdk_prefix);
  std::vector<std::string> written;
  for (const std::string& folder : folders) lay_over(templates / folder, to, words, written);
  std::sort(written.begin(), written.end());
  if (context.json()) {
    context.print_json({{"directory", to.string()}, {"files", written}});
    return 0;
  }
  std::cout << to.string() << '\n';
  for (const std::string& path : written) std::cout << "  " << path << '\n';
  std::cout << put_in("next: cd " + to.string() + " && @BUILD@ && assay plugin check @LIBRARY@\n", words);
  return 0;
}

}  // namespace

void add_plugin_new(CommandSet& commands, CLI::App& family) {
  auto options = make_options<NewOptions>();
  CLI::App& command =
      commands.add(family, {"new", "Write the project of a new plugin, ready to build, test and check",
                            "assay plugin new empty-cells --kind drift\n"
                            "assay plugin new my-trainer --kind trainer --lang rust",
                            ""});
  command.add_option("name", options->name, "the plugin's name, such as empty-cells")->required();
  command.add_option("--kind", options->kind, "what it is")
      ->required()
      ->check(CLI::IsMember({"trainer", "scorer", "evaluator", "drift", "validator"}));
  command.add_option("--lang", options->language, "what it is written in")
      ->check(CLI::IsMember({"cpp", "c", "rust"}))
      ->capture_default_str();
  command.add_option("--to", options->directory, "the new directory; ./NAME when left out");
  commands.on(command, [options](Context& context) { return make_new(context, *options); });
}

}  // namespace assay::cli
