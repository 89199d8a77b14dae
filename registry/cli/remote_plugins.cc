// SPDX-License-Identifier: Apache-2.0
#include "registry/cli/remote_plugins.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "registry/cli/progress.h"
#include "registry/cli/table.h"

namespace assay::cli {
namespace {

bool is_library(const VersionFile& file) {
  return file.path.extension() == "so";
}

}  // namespace

const VersionFile& library_of(const Version& version) {
  const auto first = std::find_if(version.files.begin(), version.files.end(), is_library);
  if (first == version.files.end() ||
      std::find_if(std::next(first), version.files.end(), is_library) != version.files.end())
    throw Error(Code::unsupported,
                "plugin " + version.reference() +
                    " does not hold exactly one .so file: push it with `assay plugin push FILE.so`");
  return *first;
}

std::optional<Version> RemotePlugins::find_by_library(const Digest& library) {
  const nlohmann::json holders = api_.library(library).value("plugins", nlohmann::json::array());
  if (holders.empty()) return std::nullopt;
  return api_.version(Kind::plugin, Reference::parse(holders.front().at("reference").get<std::string>()));
}

std::optional<Version> RemotePlugins::find(std::string_view wanted) {
  if (wanted.starts_with("sha256:")) return find_by_library(Digest::parse(wanted));
  const Reference reference = Reference::parse(wanted);
  const auto artifact = api_.find_artifact(Kind::plugin, reference.name);
  if (!artifact || !artifact->latest) return std::nullopt;
  if (reference.selector == Selector()) return artifact->latest;
  return api_.version(Kind::plugin, reference);
}

std::optional<FetchedPlugin> RemotePlugins::fetch(std::string_view wanted) {
  const auto version = find(wanted);
  if (!version) return std::nullopt;
  const VersionFile& library = library_of(*version);
  const auto path = scratch_.path() / library.digest.hex() / std::filesystem::path(library.path.text()).filename();
  const auto signature =
      std::find_if(version->files.begin(), version->files.end(),
                   [](const VersionFile& file) { return file.path.extension() == "sig"; });
  if (signature != version->files.end()) bring(*version, *signature, path.string() + ".sig");
  bring(*version, library, path);
  return FetchedPlugin{path, version->reference()};
}

void RemotePlugins::bring(const Version& version, const VersionFile& file, const std::filesystem::path& to) {
  ProgressLine line(version.reference());
  client::download(api_.session(), {file.digest, file.size}, to, {},
                   [&](auto done, auto total) { line.bytes(done, total); });
}

void RemotePlugins::require_runnable(const PluginInfo& plugin) {
  const nlohmann::json revoked = api_.library(plugin.digest).value("revoked", nlohmann::json());
  if (revoked.is_null()) return;
  throw Error(Code::denied, fmt::format("plugin {} {} ({}) was revoked by {}: {}; use another version of it",
                                        plain(plugin.name), plain(plugin.version), plugin.digest.text(),
                                        plain(revoked.value("by", "")), plain(revoked.value("reason", ""))));
}

}  // namespace assay::cli
