// SPDX-License-Identifier: Apache-2.0
// The one place that sees every part of the program: gives the command line the server, the plugins and the
// checks. Arguments, errors and exit codes are cli/app.cc's.
#include <malloc.h>
#include <sys/resource.h>

#include <csignal>
#include <iostream>

#include "registry/cli/program.h"
#include "registry/daemon/backup.h"
#include "registry/daemon/check_data.h"
#include "registry/daemon/repair_data.h"
#include "registry/daemon/serve.h"
#include "registry/daemon/version.h"
#include "registry/plugin_host/check/check.h"
#include "registry/plugin_host/sandbox_probe.h"
#include "registry/plugin_host/worker_plugins.h"

namespace {

namespace fs = std::filesystem;
using namespace assay;

fs::path this_executable() {
  return fs::read_symlink("/proc/self/exe");
}

void print_serving(const daemon::Serving& serving) {
  std::cout << "serving " << serving.data_dir.string() << " at " << serving.url << '\n'
            << "admin token: " << serving.token_file.string()
            << (serving.token_is_new ? " (new; commands on this machine find it by themselves)" : "")
            << std::endl;
}

LogLevel log_level(const std::string& text) {
  if (text == "error") return LogLevel::error;
  return text == "warning" ? LogLevel::warning : LogLevel::info;
}

void serve(const cli::ServeRequest& request) {
  daemon::ServeOptions options;
  options.data_dir = request.data_dir;
  options.listen = request.listen;
  options.insecure_listen = request.insecure_listen;
  options.tls_certificate = request.tls_certificate;
  options.tls_key = request.tls_key;
  options.allowed_hosts = request.allowed_hosts;
  options.allowed_receivers = request.allowed_receivers;
  options.log_format = request.log_format == "json" ? daemon::LogFormat::json : daemon::LogFormat::text;
  options.log_level = log_level(request.log_level);
  options.version = daemon::program_version();
  options.executable = this_executable();
  options.plugin_path = request.plugin_path;
  options.plugin_keys = request.plugin_keys;
  options.trusted_plugins = request.trusted_plugins;
  daemon::serve(options, print_serving);
}

std::unique_ptr<Plugins> open_plugins(cli::PluginSources sources) {
  PluginHostOptions options = plugin_host_beside(this_executable(), sources.directories);
  if (!sources.keys.empty()) options.keys = TrustedKeys::load(sources.keys);
  options.trusted = std::move(sources.trusted);
  options.vet = std::move(sources.vet);
  if (sources.fetch)
    options.registry = [fetch =
                            std::move(sources.fetch)](std::string_view wanted) -> std::optional<RegisteredPlugin> {
      auto fetched = fetch(wanted);
      if (!fetched) return std::nullopt;
      return RegisteredPlugin{std::move(fetched->library), std::move(fetched->reference)};
    };
  return std::make_unique<WorkerPlugins>(std::move(options));
}

cli::PluginReport check_library(const cli::PluginCheckRequest& request) {
  const PluginCheck check = check_plugin(request.library, plugin_host_beside(this_executable(), "").worker,
                                         {.level = parse_level(request.level),
                                          .only = request.rules,
                                          .timeout = std::chrono::seconds(request.timeout_s),
                                          .seed = request.seed});
  cli::PluginReport out{check.plugin, check.version, check.digest, {}};
  for (const CheckResult& result : check.results)
    out.rules.push_back({std::string(result.rule->id), std::string(level_name(result.rule->level)),
                         std::string(result.rule->promise), std::string(verdict_name(result.verdict)),
                         result.found, std::string(result.rule->mend), result.seconds});
  return out;
}

std::vector<cli::PluginLayer> find_layers() {
  std::vector<cli::PluginLayer> out;
  for (SandboxLayer& layer : probe_sandbox(plugin_host_beside(this_executable(), "").worker))
    out.push_back({std::move(layer.name), layer.active, std::move(layer.what)});
  return out;
}

cli::CheckReport check_data(const fs::path& data_dir) {
  daemon::DataReport report = daemon::check_data(data_dir);
  cli::CheckReport out{report.blobs,    report.raw_bytes,          report.stored_bytes,
                       report.versions, report.unfinished_uploads, report.audit_entries, {}};
  for (auto& problem : report.problems)
    out.problems.push_back({std::move(problem.where), std::move(problem.what)});
  return out;
}

// A store keeps a descriptor for each of its packs and a server one for each connection; shells start
// programs with 1024.
void allow_many_files() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

// Left to itself, the allocator keeps ever larger buffers for whoever asks next, in an arena of each thread: a server would
// hold for good what it needed in its busiest moment. From here on they are pages of their own, and go back when freed.
void give_large_buffers_back() {
  constexpr int kLarge = 128 * 1024;
  mallopt(M_MMAP_THRESHOLD, kLarge);
}

cli::BackupReport back_up(const fs::path& data_dir, const fs::path& to, const cli::CopyProgress& progress) {
  const daemon::BackupReport report = daemon::back_up(data_dir, to, progress);
  return {report.files, report.bytes, report.files_copied, report.bytes_copied};
}

cli::RepairReport repair_data(const fs::path& data_dir, bool rebuild_index) {
  const RepairReport report =
      daemon::repair_data(data_dir, rebuild_index ? RebuildIndex::everywhere : RebuildIndex::where_damaged);
  cli::RepairReport out{report.packs, report.records, {}};
  for (const RepairedFile& file : report.files)
    out.files.push_back({file.path, file.quarantined, file.what, file.saved, file.lost});
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  // A reader of our output that goes away is an error of one write, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  allow_many_files();
  give_large_buffers_back();
  cli::Program program;
  program.version = daemon::program_version();
  program.environment = cli::process_environment();
  program.sdk_prefix = this_executable().parent_path().parent_path();
  program.serve = serve;
  program.open_plugins = open_plugins;
  program.sign_plugin = sign_library;
  program.check_plugin = check_library;
  program.probe_sandbox = find_layers;
  program.check_data = check_data;
  program.back_up = back_up;
  program.restore = daemon::restore;
  program.repair = repair_data;
  return cli::run(argc, argv, program);
}
