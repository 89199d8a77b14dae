// SPDX-License-Identifier: Apache-2.0
// Where the registry is and who calls it: the only place of the command line that reads environment
// variables.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "registry/client/endpoint.h"
#include "storage/base/byte_size.h"
#include "storage/base/digest.h"

namespace assay::cli {

// The value of an environment variable, if it is set and not empty. std::getenv outside of tests.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

Environment process_environment();

// What the global options say; empty when not given.
struct GlobalOptions {
  std::string url;
  std::string token_file;
};

struct Access {
  client::Endpoint endpoint;
  std::string token;
};

// ASSAY_DATA, else $XDG_DATA_HOME/assay, else ~/.local/share/assay. Throws invalid_argument when none can be
// formed.
std::filesystem::path default_data_dir(const Environment& environment);

// ASSAY_PLUGIN_PATH: directories of plugins, separated by ':', that go before the installed one. May be
// empty.
std::string plugin_path(const Environment& environment);

// ASSAY_PLUGIN_KEYS: a PEM file of public keys; then only plugins that one of them signed are used. May be
// empty.
std::filesystem::path plugin_keys(const Environment& environment);

// ASSAY_TRUST_IN_PROCESS: digests of plugin libraries, separated by ',', that run in this process instead of a worker;
// none unless it is set. Throws invalid_argument for what is no digest.
std::set<Digest> trusted_plugins(const Environment& environment);

// What says who a job is: ASSAY_ID_TOKEN, the provider's token itself (GitLab's id_tokens), or what GitHub gives a job to
// ask for one with (ACTIONS_ID_TOKEN_REQUEST_URL and _TOKEN). All are empty when there is none.
struct JobIdentity {
  std::string token;
  std::string request_url;
  std::string request_token;
};
JobIdentity job_identity(const Environment& environment);

// Where downloads are kept for the next command, and how many stored bytes of them; none when `limit` is 0.
struct CacheSettings {
  std::filesystem::path directory;
  std::uint64_t limit = 0;
};

inline constexpr std::uint64_t kDefaultCacheSize = 10 * kGiB;  // a few versions of a small model

// ASSAY_CACHE_DIR, else $XDG_CACHE_HOME/assay, else ~/.cache/assay; ASSAY_CACHE_SIZE, else the default.
// Throws invalid_argument for a size that is none.
CacheSettings cache_settings(const Environment& environment);

// The address is --url, else ASSAY_URL, else that of the server running on the default data directory; the
// token is
// --token-file's, else ASSAY_TOKEN, else that directory's admin token, which goes to no other address than
// the one that server.json names. Throws unavailable when no server is running here and none was named, and
// not_found or denied for a token file that cannot be read.
Access find_access(const GlobalOptions& options, const Environment& environment);

}  // namespace assay::cli
