// SPDX-License-Identifier: Apache-2.0
// `assay serve` and `assay fsck`: the commands that own a data directory. The server is registry/daemon.
#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/check_report.h"
#include "registry/cli/command.h"
#include "registry/cli/commands.h"

namespace assay::cli {
namespace {

struct ServeOptions {
  std::string data;
  ServeRequest request;
};

int serve(Context& context, const ServeOptions& options) {
  ServeRequest request = options.request;
  request.data_dir = context.data_dir(options.data);
  request.plugin_path = plugin_path(context.program().environment);
  if (request.plugin_keys.empty()) request.plugin_keys = plugin_keys(context.program().environment);
  request.trusted_plugins = trusted_plugins(context.program().environment);
  context.program().serve(request);
  return 0;
}

int fsck(Context& context, const std::string& data) {
  const auto data_dir = context.data_dir(data);
  const CheckReport report = context.program().check_data(data_dir);
  if (context.json())
    context.print_json(check_json(data_dir, report));
  else
    print_check(data_dir, report, std::cout);
  return check_exit_code(report);
}

}  // namespace

void add_serve(CommandSet& commands) {
  auto options = make_options<ServeOptions>();
  options->request.listen = "127.0.0.1:7460";
  options->request.log_format = "text";
  options->request.log_level = "info";
  CLI::App& command = commands.add(
      kServerGroup, {"serve", "Run the registry until SIGTERM or Ctrl-C",
                     "assay serve\nassay serve --data /srv/assay --listen 127.0.0.1:0\n"
                     "assay serve --listen 0.0.0.0:443 --tls-cert /etc/ssl/assay.pem --tls-key /etc/ssl/assay.key", "0 stopped"});
  command.add_option("--data", options->data, "the data directory; made when missing");
  command.add_option("--listen", options->request.listen, "HOST:PORT; port 0 takes a free one")
      ->capture_default_str();
  command.add_option("--log-format", options->request.log_format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command.add_option("--log-level", options->request.log_level, "info, warning or error")
      ->check(CLI::IsMember({"info", "warning", "error"}))
      ->capture_default_str();
  command
      .add_option("--allow-host", options->request.allowed_hosts,
                  "a name that a proxy in front passes on in Host; may be repeated")
      ->expected(1)
      ->take_all();
  CLI::Option* certificate = command.add_option("--tls-cert", options->request.tls_certificate,
                                                "a PEM file: the certificate, then those that vouch for it; looked at "
                                                "again when it is renewed");
  CLI::Option* key = command.add_option("--tls-key", options->request.tls_key, "the certificate's key, a PEM file");
  certificate->needs(key);
  key->needs(certificate);
  command
      .add_option("--webhook-allow", options->request.allowed_receivers,
                  "a host, address or network (10.0.0.0/8) that webhooks may be sent to although it is not of the "
                  "public internet, also without TLS; may be repeated")
      ->expected(1)
      ->take_all();
  command.add_flag("--insecure-listen", options->request.insecure_listen,
                   "allow an address beyond this machine, although nothing is encrypted");
  command.add_option("--plugin-keys", options->request.plugin_keys,
                     "a PEM file of public keys: only plugins that one of them signed score here; "
                     "ASSAY_PLUGIN_KEYS when left out");
  commands.on(command, [options](Context& context) { return serve(context, *options); });
}

void add_fsck(CommandSet& commands) {
  auto data = make_options<std::string>();
  CLI::App& command = commands.add(
      kServerGroup, {"fsck", "Read everything in a data directory and say what is wrong; changes nothing",
                     "assay fsck --data /srv/assay", "0 no problems"});
  command.add_option("--data", *data, "the data directory");
  commands.on(command, [data](Context& context) { return fsck(context, *data); });
}

}  // namespace assay::cli
