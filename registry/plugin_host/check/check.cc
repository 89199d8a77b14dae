// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/check/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "registry/plugin_host/check/linking.h"
#include "registry/plugin_host/config_schema.h"
#include "registry/plugin_host/descriptor.h"
#include "registry/plugin_host/library.h"
#include "registry/plugin_host/worker_process.h"
#include "storage/base/error.h"

namespace assay {
namespace {

using nlohmann::json;
using Steady = std::chrono::steady_clock;

constexpr std::string_view kVerdicts[] = {"pass", "fail", "skipped"};

// What a rule looks at, read once for all of them.
struct Library {
  std::string bytes, name;
  std::optional<PluginInfo> plugin;
  std::string no_plugin;  // why there is none
  json defaults = json::object();  // the settings that every component has when none are given
  UniqueFd memory;
};

Library open_library(const std::filesystem::path& path) {
  Library library{.bytes = read_library(path), .name = path.filename().string(), .plugin = {}, .no_plugin = {}, .memory = UniqueFd()};
  try {
    library.plugin = read_descriptor(library.bytes, Digest::of(library.bytes), library.name);
    for (const ComponentInfo& component : library.plugin->components)
      library.defaults[component.id] = complete_config(component.config_schema, "{}", component.id).canonical;
    library.memory = seal_in_memory(library.bytes, library.plugin->name);
  } catch (const Error& error) {
    library.plugin.reset();
    library.no_plugin = error.message();
  }
  return library;
}

struct Answer {
  CheckVerdict verdict;
  std::string found;
  json again;  // for another process to go on with; null: done
};

std::string text_of(const WireFrame& frame, const char* key) {
  const json member = frame.json.value(key, json());
  return member.is_string() ? member.get<std::string>() : member.dump();
}

// One process's part of a rule. `trying` becomes what the worker last said that it was about to do.
Answer ask_worker(const CheckRule& rule, const Library& library, const json& before, const std::filesystem::path& worker,
                  std::uint64_t seed, Steady::time_point deadline, std::string& trying) {
  WorkerProcess process(worker, library.memory.get(), library.plugin->name);
  CallOptions limits;
  limits.deadline = deadline;
  process.begin_call(std::string(rule.id), limits);
  process.send(wire::FrameKind::check, {{"rule", rule.id},
                                        {"descriptor", library.plugin->descriptor},
                                        {"defaults", library.defaults},
                                        {"before", before},
                                        {"seed", seed}});
  WireFrame frame = process.receive();
  for (; frame.kind != wire::FrameKind::done; frame = process.receive())
    if (frame.kind == wire::FrameKind::progress) trying = text_of(frame, "what");
  const auto text = [&](const char* key) { return text_of(frame, key); };
  if (frame.json.value("status", json()) != 0) return {CheckVerdict::fail, text("message"), {}};
  if (frame.json.value("skipped", json()) == true) return {CheckVerdict::skipped, text("message"), {}};
  if (frame.json.value("passed", json()) != true) return {CheckVerdict::fail, text("message"), {}};
  if (const std::string printed = process.take_output();
      !printed.empty() && frame.json.value("silent", json()) == true)
    return {CheckVerdict::fail, fmt::format("it prints \"{}\"", printed.substr(0, printed.find('\n')).substr(0, 200)), {}};
  return {CheckVerdict::pass, text("message"), frame.json.value("again", json())};
}

Answer check_in_workers(const CheckRule& rule, const Library& library, const std::filesystem::path& worker,
                        const CheckOptions& options) {
  const Steady::time_point deadline = Steady::now() + options.timeout;
  Answer answer{CheckVerdict::pass, {}, nullptr};
  std::string trying;
  try {
    do {
      answer = ask_worker(rule, library, answer.again, worker, options.seed, deadline, trying);
    } while (answer.verdict == CheckVerdict::pass && !answer.again.is_null());
    return answer;
  } catch (const Error& error) {
    if (error.code() == Code::unavailable) throw;
    std::string found = error.code() == Code::deadline
                            ? fmt::format("it did not come to an end within {} s", options.timeout.count())
                            : error.message();
    return {CheckVerdict::fail, trying.empty() ? found : fmt::format("{}: {}", trying, found), {}};
  }
}

Answer judge(std::string wrong, std::string_view right) {
  return wrong.empty() ? Answer{CheckVerdict::pass, std::string(right), {}}
                       : Answer{CheckVerdict::fail, std::move(wrong), {}};
}

Answer check_rule(const CheckRule& rule, const Library& library, const std::filesystem::path& worker,
                  const CheckOptions& options) {
  if (rule.id == "C01") {
    if (!library.plugin) return judge(library.no_plugin, "");
    return judge("", fmt::format("{} {}, {} components", library.plugin->name, library.plugin->version,
                                 library.plugin->components.size()));
  }
  try {
    if (rule.id == "C02") return judge(wrong_exports(library.bytes, library.name), "one symbol");
    if (rule.id == "C03") return judge(unsafe_linking(library.bytes, library.name), "linked as it should be");
  } catch (const Error& error) {
    return judge(error.message(), "");
  }
  if (!library.plugin) return {CheckVerdict::skipped, "it has no valid descriptor, see C01", {}};
  return check_in_workers(rule, library, worker, options);
}

std::vector<CheckResult> chosen(const CheckOptions& options) {
  std::vector<CheckResult> results;
  for (const std::string& id : options.only) check_rule_named(id);  // throws for an unknown one
  for (const CheckRule& rule : check_rules()) {
    const bool named = std::find(options.only.begin(), options.only.end(), rule.id) != options.only.end();
    if (options.only.empty() ? rule.level <= options.level : named) results.push_back({&rule, {}, {}, 0});
  }
  return results;
}

}  // namespace

std::string_view verdict_name(CheckVerdict verdict) {
  return kVerdicts[static_cast<std::size_t>(verdict)];
}

bool PluginCheck::passed() const {
  return std::none_of(results.begin(), results.end(),
                      [](const CheckResult& each) { return each.verdict == CheckVerdict::fail; });
}

PluginCheck check_plugin(const std::filesystem::path& path, const std::filesystem::path& worker,
                         const CheckOptions& options) {
  PluginCheck check{.plugin = {}, .version = {}, .digest = {}, .level = options.level, .results = chosen(options)};
  const Library library = open_library(path);
  check.digest = Digest::of(library.bytes).text();
  if (library.plugin) {
    check.plugin = library.plugin->name;
    check.version = library.plugin->version;
  }
  std::atomic<std::size_t> next = 0;
  std::exception_ptr failure;
  std::mutex failing;
  const auto work = [&] {
    for (std::size_t i = next++; i < check.results.size(); i = next++) {
      CheckResult& result = check.results[i];
      const auto start = Steady::now();
      try {
        Answer answer = check_rule(*result.rule, library, worker, options);
        result.verdict = answer.verdict;
        result.found = std::move(answer.found);
      } catch (...) {
        const std::lock_guard lock(failing);
        failure = std::current_exception();
      }
      result.seconds = std::chrono::duration<double>(Steady::now() - start).count();
    }
  };
  const unsigned processors = std::max(1u, std::thread::hardware_concurrency());
  std::vector<std::jthread> helpers;
  for (unsigned i = 1; i < (options.parallel == 0 ? processors : options.parallel); ++i) helpers.emplace_back(work);
  work();
  helpers.clear();
  if (failure) std::rethrow_exception(failure);
  return check;
}

}  // namespace assay
