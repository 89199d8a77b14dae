// SPDX-License-Identifier: Apache-2.0
#include "registry/cli/remote_plugins.h"

#include <algorithm>

#include "registry/cli/progress.h"

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
  for (const Artifact& artifact : api_.artifacts(Kind::plugin, std::nullopt))
    for (Version& version : api_.versions(Kind::plugin, artifact.name, SIZE_MAX))
      if (std::any_of(version.files.begin(), version.files.end(),
                      [&](const VersionFile& file) { return is_library(file) && file.digest == library; }))
        return std::move(version);
  return std::nullopt;
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
  const VersionFile& file = library_of(*version);
  const auto path = scratch_.path() / file.digest.hex() / std::filesystem::path(file.path.text()).filename();
  ProgressLine line(version->reference());
  client::download(api_.session(), {file.digest, file.size}, path, {},
                   [&](auto done, auto total) { line.bytes(done, total); });
  return FetchedPlugin{path, version->reference()};
}

}  // namespace assay::cli
