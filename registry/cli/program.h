// SPDX-License-Identifier: Apache-2.0
// What the command line is made of, and what it borrows from parts that it may not see: main.cc fills
// `Program`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "registry/cli/config.h"
#include "storage/base/digest.h"

namespace assay {
class Plugins;
struct PluginInfo;
}

namespace assay::cli {

struct ServeRequest {
  std::filesystem::path data_dir;
  std::string listen;      // host:port
  std::string log_format;  // "text" or "json"
  std::string log_level;   // "info", "warning" or "error"
  bool insecure_listen = false;
  std::filesystem::path tls_certificate;
  std::filesystem::path tls_key;
  std::vector<std::string> allowed_hosts;  // beside this machine's own names
  std::vector<std::string> allowed_receivers;  // of webhooks: hosts, addresses, networks
  std::string plugin_path;                 // as plugin_path() answers
  std::filesystem::path plugin_keys;       // as plugin_keys() answers
  std::set<Digest> trusted_plugins;        // as trusted_plugins() answers
};

struct CheckReport {
  struct Problem {
    std::string where;  // a blob, a version, "catalog" or "audit"
    std::string what;   // one sentence
  };
  std::uint64_t blobs = 0;
  std::uint64_t raw_bytes = 0;
  std::uint64_t stored_bytes = 0;
  std::uint64_t versions = 0;
  std::uint64_t unfinished_uploads = 0;
  std::uint64_t audit_entries = 0;
  std::vector<Problem> problems;
};

struct BackupReport {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t files_copied = 0;  // the others were there from before
  std::uint64_t bytes_copied = 0;
};
struct RepairReport {
  struct File {
    std::string path;         // below DIR/blobs
    std::string quarantined;  // where it is now
    std::string what;         // was wrong with it
    std::uint64_t saved = 0;  // records
    std::uint64_t lost = 0;
  };
  std::uint64_t packs = 0;  // looked at
  std::uint64_t records = 0;
  std::vector<File> files;
};
// Told how far a copy is, in bytes.
using CopyProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

// A plugin's library from the registry, verified against its digest; a signature in the version is beside it.
struct FetchedPlugin {
  std::filesystem::path library;
  std::string reference;  // "default/gbt@2"
};
// Asks the registry for a plugin by name, reference or digest of its library; nothing when it has none.
using FetchPlugin = std::function<std::optional<FetchedPlugin>(std::string_view wanted)>;

// Where plugins come from and which of them may be used.
struct PluginSources {
  FetchPlugin fetch;              // may be empty
  std::string directories;        // before the installed one, separated by ':'
  std::filesystem::path keys;     // PEM: only what these keys signed; empty: all
  std::set<Digest> trusted;       // libraries that run in this process instead of a worker
  std::function<void(const PluginInfo&)> vet;  // throws to refuse one that is about to be used; may be empty
};

struct PluginCheckRequest {
  std::filesystem::path library;
  std::string level = "standard";  // "basic", "standard" or "strict"
  std::vector<std::string> rules;  // ids; empty: all of the level
  int timeout_s = 60;              // of one rule
  std::uint64_t seed = 1;          // of what rules draw by chance
};
struct PluginVerdict {
  std::string rule;  // "C01"
  std::string level;
  std::string promise;
  std::string verdict;  // "pass", "fail" or "skipped"
  std::string found;
  std::string mend;  // what to do about a failure
  double seconds = 0;
};
struct PluginReport {
  std::string plugin, version, digest;  // the first two are empty when the library does not say
  std::vector<PluginVerdict> rules;
};

struct PluginLayer {
  std::string name;  // "seccomp, after loading"
  bool active = false;
  std::string what;  // it does; or why it is not active
};

// The parts of the program that live behind folders which the command line does not include.
struct Program {
  std::string version;
  Environment environment;
  std::filesystem::path sdk_prefix;  // where the SDK is installed, when it is
  // Serves until told to stop by a signal.
  std::function<void(const ServeRequest&)> serve;
  // The plugins of this machine and of the registry.
  std::function<std::unique_ptr<Plugins>(PluginSources sources)> open_plugins;
  // Writes the signature of a library beside it, by a private key in a PEM file, and answers where it is.
  std::function<std::filesystem::path(const std::filesystem::path& library,
                                      const std::filesystem::path& private_key)>
      sign_plugin;
  // Does a library keep the promises of the SDK?
  std::function<PluginReport(const PluginCheckRequest&)> check_plugin;
  // What keeps plugins in their place on this machine.
  std::function<std::vector<PluginLayer>()> probe_sandbox;
  // Reads everything in a data directory and changes nothing.
  std::function<CheckReport(const std::filesystem::path& data_dir)> check_data;
  // Copies a data directory, also beside its server, so that it can be restored.
  std::function<BackupReport(const std::filesystem::path& data_dir, const std::filesystem::path& to,
                             const CopyProgress& progress)>
      back_up;
  // Makes a data directory of such a copy, in a place where none is.
  std::function<void(const std::filesystem::path& backup, const std::filesystem::path& data_dir,
                     const CopyProgress& progress)>
      restore;
  // Puts damaged files of a data directory aside and saves what is sound in them; with `rebuild_index` after
  // comparing every pack's index with its records. No server may have the directory.
  std::function<RepairReport(const std::filesystem::path& data_dir, bool rebuild_index)> repair;
};

// Parses the arguments, runs the command they name and answers the process's exit code. Never throws: an
// Error becomes `assay: <message>` on stderr and the code that storage/base/error.h gives it; wrong usage
// is 60.
int run(int argc, const char* const* argv, const Program& program);

}  // namespace assay::cli
