// SPDX-License-Identifier: Apache-2.0
#include "registry/cli/config.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "storage/base/byte_size.h"
#include "storage/base/error.h"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;

std::string read_text(const fs::path& path) {
  std::ifstream in(path);
  if (!in) throw system_error("reading " + path.string(), errno);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string read_token(const fs::path& path) {
  std::string token = read_text(path);
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r' || token.back() == ' '))
    token.pop_back();
  // A token is a header's value: anything else in it is a wrong file.
  const bool printable = std::all_of(token.begin(), token.end(), [](char c) { return c > 0x20 && c < 0x7F; });
  if (token.empty() || token.size() > 4096 || !printable)
    throw Error(Code::invalid_argument,
                path.string() + " does not hold a token: it should be one line, assay_…");
  return token;
}

struct LocalServer {
  std::string url;
  fs::path token_file;
};

std::optional<LocalServer> find_local(const fs::path& data_dir) {
  std::ifstream in(data_dir / "server.json");
  if (!in) return std::nullopt;
  const auto document = nlohmann::json::parse(in, nullptr, false);
  if (!document.is_object() || !document.contains("url") || !document["url"].is_string()) return std::nullopt;
  return LocalServer{document["url"].get<std::string>(), data_dir / "admin.token"};
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') return std::nullopt;
    return std::string(value);
  };
}

fs::path default_data_dir(const Environment& environment) {
  if (const auto data = environment("ASSAY_DATA")) return *data;
  if (const auto data_home = environment("XDG_DATA_HOME")) return fs::path(*data_home) / "assay";
  if (const auto home = environment("HOME")) return fs::path(*home) / ".local/share/assay";
  throw Error(Code::invalid_argument, "no data directory: neither --data nor ASSAY_DATA nor HOME is set");
}

std::string plugin_path(const Environment& environment) {
  return environment("ASSAY_PLUGIN_PATH").value_or("");
}

std::filesystem::path plugin_keys(const Environment& environment) {
  return environment("ASSAY_PLUGIN_KEYS").value_or("");
}

std::set<Digest> trusted_plugins(const Environment& environment) {
  std::set<Digest> trusted;
  const std::string listed = environment("ASSAY_TRUST_IN_PROCESS").value_or("");
  for (std::size_t begin = 0; begin < listed.size();) {
    const std::size_t end = std::min(listed.find(',', begin), listed.size());
    if (end != begin) trusted.insert(Digest::parse(std::string_view(listed).substr(begin, end - begin)));
    begin = end + 1;
  }
  return trusted;
}

CacheSettings cache_settings(const Environment& environment) {
  CacheSettings settings{{}, kDefaultCacheSize};
  if (const auto size = environment("ASSAY_CACHE_SIZE")) settings.limit = parse_byte_size(*size);
  if (const auto directory = environment("ASSAY_CACHE_DIR"))
    settings.directory = *directory;
  else if (const auto cache_home = environment("XDG_CACHE_HOME"))
    settings.directory = fs::path(*cache_home) / "assay";
  else if (const auto home = environment("HOME"))
    settings.directory = fs::path(*home) / ".cache/assay";
  else
    settings.limit = 0;
  return settings;
}

JobIdentity job_identity(const Environment& environment) {
  return {.token = environment("ASSAY_ID_TOKEN").value_or(""),
          .request_url = environment("ACTIONS_ID_TOKEN_REQUEST_URL").value_or(""),
          .request_token = environment("ACTIONS_ID_TOKEN_REQUEST_TOKEN").value_or("")};
}

Access find_access(const GlobalOptions& options, const Environment& environment) {
  std::optional<LocalServer> local;
  fs::path data_dir;
  if (environment("ASSAY_DATA") || environment("XDG_DATA_HOME") || environment("HOME")) {
    data_dir = default_data_dir(environment);
    local = find_local(data_dir);
  }
  std::string url = options.url;
  if (url.empty()) url = environment("ASSAY_URL").value_or("");
  if (url.empty() && local) url = local->url;
  if (url.empty())
    throw Error(Code::unavailable,
                "no server at " + data_dir.string() +
                    ": start one with `assay serve`, or say where it is with --url or ASSAY_URL");
  Access access{client::Endpoint::parse(url), ""};
  if (!options.token_file.empty()) {
    access.token = read_token(options.token_file);
  } else if (const auto token = environment("ASSAY_TOKEN")) {
    access.token = *token;
  } else if (local && client::Endpoint::parse(local->url).text() == access.endpoint.text()) {
    access.token = read_token(local->token_file);
  }
  return access;
}

}  // namespace assay::cli
