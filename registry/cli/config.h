// SPDX-License-Identifier: Apache-2.0
// Where the registry is and who calls it: the only place of the command line that reads environment
// variables.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "registry/client/endpoint.h"

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

// The address is --url, else ASSAY_URL, else that of the server running on the default data directory; the
// token is
// --token-file's, else ASSAY_TOKEN, else that directory's admin token, which goes to no other address than
// the one that server.json names. Throws unavailable when no server is running here and none was named, and
// not_found or denied for a token file that cannot be read.
Access find_access(const GlobalOptions& options, const Environment& environment);

}  // namespace assay::cli
