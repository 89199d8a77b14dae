// SPDX-License-Identifier: Apache-2.0
#include "registry/daemon/serve.h"

#include <sys/stat.h>

#include <chrono>
#include <memory>

#include "registry/access/admin_token.h"
#include "registry/access/authenticator.h"
#include "registry/catalog/catalogue_meter.h"
#include "registry/catalog/sqlite_database.h"
#include "registry/daemon/guarded_maintenance.h"
#include "registry/daemon/hosted_scoring.h"
#include "registry/daemon/listen_address.h"
#include "registry/daemon/server_file.h"
#include "registry/daemon/stop_signals.h"
#include "registry/daemon/webhooks.h"
#include "registry/http/api.h"
#include "registry/http/certificate_host.h"
#include "registry/http/server.h"
#include "registry/service/checkpoint_keeper.h"
#include "registry/service/jobs.h"
#include "registry/service/vitals.h"
#include "storage/base/error.h"
#include "storage/blob/local_blob_store.h"
#include "storage/env/clock.h"
#include "storage/env/directory_lock.h"
#include "storage/env/disk_space.h"
#include "storage/env/entropy.h"

namespace assay::daemon {
namespace {

namespace fs = std::filesystem;

ListenAddress parse_listen(const ServeOptions& options) {
  ListenAddress address = ListenAddress::parse(options.listen);
  if (options.tls_certificate.empty() != options.tls_key.empty())
    throw Error(Code::invalid_argument, "--tls-cert and --tls-key go together");
  if (!address.loopback && !options.insecure_listen && options.tls_certificate.empty())
    throw Error(
        Code::invalid_argument,
        "--listen " + options.listen +
            " can be reached from other machines, and nothing would be encrypted: give --tls-cert and --tls-key, listen "
            "on 127.0.0.1 behind a proxy that speaks TLS, or say --insecure-listen");
  return address;
}

fs::path make_data_dir(const fs::path& directory) {
  std::error_code failed;
  // Only a directory made here gets our mode; one that is there is its owner's business.
  if (fs::create_directories(directory, failed)) ::chmod(directory.c_str(), 0700);
  if (failed) throw system_error("creating the data directory " + directory.string(), failed.value());
  return fs::canonical(directory);
}

// With TLS by the certificate's own name: no other would be believed.
std::string url_of(const ServeOptions& options, const ListenAddress& address, std::uint16_t port) {
  if (options.tls_certificate.empty()) return address.url(port);
  const std::string host = http::host_of_certificate(options.tls_certificate);
  return "https://" + (host.empty() ? address.url(port).substr(7) : host + ":" + std::to_string(port));
}

http::Options http_options(const ServeOptions& options, const ListenAddress& address, Log& log) {
  http::Options out;
  out.address = address.host;
  out.port = address.port;
  // A page that points its own name at this machine still says that name.
  if (address.loopback) {
    out.allowed_hosts = {"localhost", "127.0.0.1", "[::1]", address.host};
    if (std::string own = http::host_of_certificate(options.tls_certificate); !own.empty())
      out.allowed_hosts.push_back(std::move(own));
    out.allowed_hosts.insert(out.allowed_hosts.end(), options.allowed_hosts.begin(),
                             options.allowed_hosts.end());
  }
  out.version = options.version;
  out.certificate = options.tls_certificate;
  out.key = options.tls_key;
  out.log = [&log](LogLevel level, const LogEvent& event) { log.write(level, event); };
  return out;
}

// Everything below HTTP, in the order in which it depends on each other.
struct Registry {
  explicit Registry(const ServeOptions& options, const fs::path& directory)
      : disk(directory),
        blobs(open_local_blob_store(directory / "blobs")),
        maintenance(*blobs, directory / kCollectionLock),
        database(open_sqlite_database(directory / "catalog.db", {.meter = &meter})) {
    database->migrate();
    token_is_new = ensure_admin_token(*database, clock, entropy, directory / "admin.token");
    checkpoints = std::make_unique<CheckpointKeeper>(directory, clock, entropy);
    checkpoints->sign(*database);
    plugins = std::make_unique<HostedPlugins>(
        *database, *blobs,
        HostedPluginsOptions{directory / "scratch", options.executable, options.plugin_path, options.plugin_keys,
                             options.trusted_plugins, options.version});
    scoring = std::make_unique<HostedScoring>(*plugins);
  }

  SystemClock clock;
  SystemEntropy entropy;
  DirectoryGauge disk;
  std::unique_ptr<LocalBlobStore> blobs;
  GuardedMaintenance maintenance;
  CatalogueMeter meter;
  std::unique_ptr<Database> database;
  std::unique_ptr<CheckpointKeeper> checkpoints;
  std::unique_ptr<HostedPlugins> plugins;
  std::unique_ptr<HostedScoring> scoring;
  bool token_is_new = false;
};

// A write that changes nothing is refused when the disk has failed under the catalogue.
void ensure_writable(Registry& registry) {
  registry.database->write([](Transaction&) {});
  registry.blobs->ensure_writable();
}

// So that nobody can change, until the next start, what was appended since the last checkpoint.
void sign_last(Registry& registry, Log& log) {
  try {
    registry.checkpoints->sign(*registry.database);
  } catch (const Error& error) {
    log.write(LogLevel::error, LogEvent("unsigned").with("reason", error.message()));
  }
}

}  // namespace

void serve(const ServeOptions& options, const std::function<void(const Serving&)>& ready) {
  const ListenAddress address = parse_listen(options);
  StopSignals signals;
  Log log(options.log_format, options.log_level);
  const fs::path directory = make_data_dir(options.data_dir);
  const DirectoryLock lock(directory);
  Registry registry(options, directory);
  const Authenticator authenticator(*registry.database, registry.clock);
  Webhooks webhooks(*registry.database, registry.clock, registry.entropy,
                    ReceiverPolicy::parse(options.allowed_receivers));
  const Services services{.database = webhooks.database(),
                          .blobs = *registry.blobs,
                          .clock = registry.clock,
                          .entropy = registry.entropy,
                          .maintenance = &registry.maintenance,
                          .disk = &registry.disk,
                          .checkpoints = registry.checkpoints.get()};
  Jobs jobs(services, registry.plugins.get());
  webhooks.start([&log](const LogEvent& event) { log.write(LogLevel::error, event); });
  Vitals vitals({.services = services,
                 .data_dir = directory,
                 .catalogue = registry.meter,
                 .jobs = jobs,
                 .deliveries = &webhooks.worker(),
                 .store_writable = [&store = *registry.blobs] { return store.writable(); }});
  http::Context context{.services = services,
                        .authenticator = authenticator,
                        .score = registry.scoring.get(),
                        .jobs = &jobs,
                        .version = options.version,
                        .receivers = webhooks.policy(),
                        .vitals = &vitals,
                        .ready = [&registry] { ensure_writable(registry); }};
  http::Server server(http_options(options, address, log), http::make_site(context));
  server.start();
  const std::string url = url_of(options, address, server.port());
  const ServerFile server_file(directory, url);
  log.write(LogLevel::info,
            LogEvent("serving").with("url", url).with("data", directory.string()).with("version", options.version));
  if (ready) ready({url, directory, directory / "admin.token", registry.token_is_new});
  const int signal = signals.wait();
  const auto stopping = std::chrono::steady_clock::now();
  log.write(LogLevel::info, LogEvent("stopping").with("signal", signal == SIGINT ? "SIGINT" : "SIGTERM"));
  server.stop();
  webhooks.stop();
  sign_last(registry, log);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - stopping;
  log.write(LogLevel::info, LogEvent("stopped").with("seconds", took.count()));
}

}  // namespace assay::daemon
