// SPDX-License-Identifier: Apache-2.0
#include "registry/cli/command.h"

#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/table.h"

namespace assay::cli {
namespace {

constexpr const char* kSharedExitCodes =
    "40 integrity failure, 50 authentication or permission, 60 usage or not found, 70 server error: try "
    "again";

std::string footer_of(const CommandText& text) {
  std::string out = "Example:\n";
  std::string_view rest = text.example;
  while (true) {
    const auto end = rest.find('\n');
    out += "  " + std::string(rest.substr(0, end)) + "\n";
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  out += "\nExit codes: " + (text.exit_codes.empty() ? std::string("0 done") : text.exit_codes) + ", " +
         kSharedExitCodes;
  return out;
}

}  // namespace

client::ApiClient& Context::api() {
  if (!api_) {
    Access access = find_access(globals_, program_.environment);
    api_ = std::make_unique<client::ApiClient>(
        client::SessionOptions{std::move(access.endpoint), std::move(access.token), {}, {}});
  }
  return *api_;
}

BlobCache* Context::cache() {
  if (cache_opened_) return cache_.get();
  const CacheSettings settings = cache_settings(program_.environment);
  cache_ = BlobCache::open(settings, cache_note_);
  cache_opened_ = true;
  if (cache_ && !cache_note_.empty())
    std::cerr << "warning: the cache in " << plain(settings.directory.string()) << " was damaged and begins anew ("
              << plain(cache_note_) << ")\n";
  return cache_.get();
}

std::filesystem::path Context::data_dir(const std::string& given) const {
  return given.empty() ? default_data_dir(program_.environment) : std::filesystem::path(given);
}

void Context::print_json(const nlohmann::json& document) const {
  std::cout << document.dump(2) << '\n';
}

CLI::App& CommandSet::add(const char* group, const CommandText& text) {
  CLI::App& command = add(app_, text);
  command.group(group);
  return command;
}

CLI::App& CommandSet::add(CLI::App& parent, const CommandText& text) {
  CLI::App& command = *parent.add_subcommand(text.name, text.summary);
  command.footer(footer_of(text));
  command.fallthrough();
  return command;
}

CLI::App& CommandSet::add_family(const char* group, const std::string& name, const std::string& summary) {
  CLI::App& family = *app_.add_subcommand(name, summary);
  family.group(group);
  family.fallthrough();
  family.require_subcommand(1);
  return family;
}

void CommandSet::on(CLI::App& command, Action action) {
  // CLI11 calls a command after the one below it that was given, which is the one that was meant.
  command.callback([this, &command, action = std::move(action)] {
    if (command.get_subcommands().empty()) chosen_ = action;
  });
}

}  // namespace assay::cli
