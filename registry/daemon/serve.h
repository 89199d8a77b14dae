// SPDX-License-Identifier: Apache-2.0
// A registry on one data directory, from its lock to its last answer: puts storage, catalogue, access,
// services, HTTP and scoring together. Next to read: hosted_plugins.h, then http/api.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "registry/daemon/log.h"
#include "storage/base/digest.h"

namespace assay::daemon {

struct ServeOptions {
  std::filesystem::path data_dir;  // made when missing, mode 0700
  std::string listen;              // host:port; see listen_address.h
  bool insecure_listen = false;
  std::filesystem::path tls_certificate;  // PEM; with tls_key, or neither: then nothing is encrypted
  std::filesystem::path tls_key;
  std::vector<std::string> allowed_hosts;  // names in Host beside this machine's own, for a proxy in front
  std::vector<std::string> allowed_receivers;  // of webhooks; see events/receiver_policy.h
  LogFormat log_format = LogFormat::text;
  LogLevel log_level = LogLevel::info;
  std::string version;
  std::filesystem::path executable;  // of this program: the worker and the plugins are installed beside it
  std::string plugin_path;           // directories of plugins that go first, separated by ':'
  std::filesystem::path plugin_keys; // PEM: only what these keys signed scores here; empty: all
  std::set<Digest> trusted_plugins;  // libraries that run in the server's process
};

struct Serving {
  std::string url;
  std::filesystem::path data_dir;
  std::filesystem::path token_file;
  bool token_is_new = false;
};

// Serves until SIGTERM or SIGINT, then lets running requests finish. Call it before the process has other
// threads: it blocks those signals for all. `ready` is called once, when requests are answered. Throws
// unavailable when another server has the directory or the address is taken; invalid_argument for an address
// beyond this machine with neither TLS nor `insecure_listen`; corrupt when the audit trail is not what was signed; and
// what the parts throw on damaged data.
void serve(const ServeOptions& options, const std::function<void(const Serving&)>& ready);

}  // namespace assay::daemon
