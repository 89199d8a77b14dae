// SPDX-License-Identifier: Apache-2.0
#include "registry/cli/bench.h"

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "registry/cli/job.h"
#include "registry/cli/table.h"
#include "registry/cli/whole_number.h"
#include "registry/cli/yaml_file.h"
#include "registry/compute/environment.h"

namespace assay::cli {
namespace {

constexpr std::int64_t kMaxSeed = (std::int64_t{1} << 53) - 1;  // what JSON numbers carry exactly

}  // namespace

void add_compute_options(CLI::App& command, ComputeOptions& options, const std::string& plugin_help) {
  command
      .add_option("--plugin", options.plugin,
                  plugin_help + ": a name, NAME@VERSION of the registry, or a path to a .so")
      ->required(options.plugin.empty())
      ->capture_default_str();
  command.add_option("--component", options.component, "which part of the plugin, when it has several");
  command.add_option("--set", options.settings, "a setting, key=value; may be repeated")
      ->expected(1)
      ->take_all();
  command.add_option("--seed", options.seed, "all randomness comes from it")
      ->check(whole_number(0, kMaxSeed))
      ->capture_default_str();
  command
      .add_option("--threads", options.threads,
                  "how many threads the plugin may use; 0 is all of the machine's")
      ->check(whole_number(0, 4096))
      ->capture_default_str();
  command.add_option("--timeout", options.timeout_s, "seconds after which the plugin is stopped; 0 is never")
      ->check(whole_number(0, 10'000'000))
      ->capture_default_str();
}

void add_place_option(CLI::App& command, ComputeOptions& options) {
  command.add_option("--on", options.place, "where to run the plugin: on this machine, or in the server with one "
                                            "that is installed there, whose record is attested")
      ->check(CLI::IsMember({"here", "server"}))
      ->capture_default_str();
}

bool on_server(const ComputeOptions& options) {
  return options.place == "server";
}

EvidenceResult make_on_server(Context& context, const ComputeOptions& options, nlohmann::json wish) {
  if (options.threads > 0 || options.timeout_s > 0)
    throw Error(Code::invalid_argument, "--threads and --timeout are for work done here; leave them out with --on server");
  if (!wish.contains("timing")) {
    wish["plugin"] = options.plugin;
    wish["component"] = options.component;
    wish["seed"] = options.seed;
    wish["config"] = nlohmann::json::parse(settings_json(options.settings));
  }
  for (auto member = wish.begin(); member != wish.end();)
    member = member->is_string() && member->get_ref<const std::string&>().empty() ? wish.erase(member)
                                                                                  : std::next(member);
  return evidence_result_from_json(run_job(context, "evidence", wish).at("result"));
}

std::string settings_json(const std::vector<std::string>& settings) {
  nlohmann::json out = nlohmann::json::object();
  for (const std::string& setting : settings) {
    const auto equals = setting.find('=');
    if (equals == std::string::npos || equals == 0)
      throw Error(Code::invalid_argument, "--set " + plain(setting) + ": write it as key=value");
    const std::string key = setting.substr(0, equals);
    const std::string value = setting.substr(equals + 1);
    if (out.contains(key)) throw Error(Code::invalid_argument, "--set " + plain(key) + " is given twice");
    out[key] = value.empty() ? nlohmann::json("") : parse_yaml(value, "--set " + plain(key));
  }
  return out.dump();
}

CallOptions call_options(const ComputeOptions& options) {
  CallOptions call;
  call.seed = static_cast<std::uint64_t>(options.seed);
  call.max_threads =
      options.threads > 0 ? options.threads : std::max(1u, std::thread::hardware_concurrency());
  if (options.timeout_s > 0)
    call.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(options.timeout_s);
  return call;
}

void TerminalProgress::log(PluginLogLevel level, std::string_view message) {
  if (level == PluginLogLevel::warning || level == PluginLogLevel::error)
    std::cerr << what_ << (level == PluginLogLevel::error ? ": error: " : ": warning: ") << plain(message)
              << '\n';
}

std::unique_ptr<Plugins> open_plugins(Context& context, FetchPlugin fetch,
                                      std::function<void(const PluginInfo&)> vet) {
  const Environment& environment = context.program().environment;
  return context.program().open_plugins({.fetch = std::move(fetch),
                                         .directories = plugin_path(environment),
                                         .keys = plugin_keys(environment),
                                         .trusted = trusted_plugins(environment),
                                         .vet = std::move(vet)});
}

Bench::Bench(Context& context)
    : artifacts_(context.api(), context.cache()),
      runs_(context.api(), this_environment(context.program().version)),
      remote_plugins_(context.api()),
      plugins_(open_plugins(
          context, [this](std::string_view wanted) { return remote_plugins_.fetch(wanted); },
          [this](const PluginInfo& plugin) { remote_plugins_.require_runnable(plugin); })) {}

}  // namespace assay::cli
