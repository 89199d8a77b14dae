// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/search.h"

#include <fmt/format.h>

#include <algorithm>

#include "registry/domain/nearest.h"
#include "storage/base/error.h"

namespace assay {
namespace {

constexpr std::string_view kDigestPrefix = "sha256:";

// The libraries of a directory by ascending name; none when there is no such directory.
std::vector<std::filesystem::path> libraries_in(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error))
    if (entry.path().extension() == ".so") found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

// A file name cannot say whether its plugin is spelled with '-' or '_'.
std::string file_spelling(std::string_view name) {
  std::string spelled(name);
  std::replace(spelled.begin(), spelled.end(), '-', '_');
  return spelled;
}

std::shared_ptr<const PluginLibrary> open_or_skip(const std::filesystem::path& file,
                                                  const TrustedKeys& keys) {
  try {
    return PluginLibrary::open(file, file.string(), keys);
  } catch (const Error&) {
    return nullptr;
  }
}

}  // namespace

std::shared_ptr<const PluginLibrary> PluginSearch::find(std::string_view wanted) {
  auto library = find_unvetted(wanted);
  if (options_.vet) options_.vet(library->info());
  return library;
}

std::shared_ptr<const PluginLibrary> PluginSearch::find_unvetted(std::string_view wanted) {
  if (wanted.substr(0, kDigestPrefix.size()) == kDigestPrefix) return find_digest(Digest::parse(wanted));
  if (wanted.ends_with(".so") && wanted.find('@') == wanted.npos)
    return keep(PluginLibrary::open(std::filesystem::path(wanted), std::string(wanted), options_.keys));
  if (auto registered = find_registered(wanted)) return keep(std::move(registered));
  if (auto installed = find_installed(wanted)) return keep(std::move(installed));
  not_found(wanted);
}

std::shared_ptr<const PluginLibrary> PluginSearch::keep(std::shared_ptr<const PluginLibrary> library) {
  const std::lock_guard lock(mutex_);
  libraries_.insert_or_assign(library->info().digest, library);
  return library;
}

std::shared_ptr<const PluginLibrary> PluginSearch::find_digest(const Digest& digest) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = libraries_.find(digest); known != libraries_.end()) return known->second;
  }
  for (auto& library : list())
    if (library->info().digest == digest) return keep(std::move(library));
  if (auto registered = find_registered(digest.text())) {
    if (registered->info().digest != digest)
      throw Error(Code::corrupt, fmt::format("the registry answered {} for the plugin {}",
                                             registered->info().digest.text(), digest.text()));
    return keep(std::move(registered));
  }
  not_found(digest.text());
}

std::shared_ptr<const PluginLibrary> PluginSearch::find_registered(std::string_view wanted) const {
  if (!options_.registry) return nullptr;
  const std::optional<RegisteredPlugin> registered = options_.registry(wanted);
  if (!registered) return nullptr;
  return PluginLibrary::open(registered->library, registered->reference, options_.keys);
}

std::shared_ptr<const PluginLibrary> PluginSearch::find_installed(std::string_view name) const {
  for (const auto& directory : options_.directories)
    for (const auto& file : libraries_in(directory))
      // Asked for by name, an unusable library is an error that says why.
      if (file_spelling(file.stem().string()) == file_spelling(name))
        return PluginLibrary::open(file, file.string(), options_.keys);
  for (auto& library : list())
    if (library->info().name == name) return std::move(library);
  return nullptr;
}

std::vector<std::shared_ptr<const PluginLibrary>> PluginSearch::list() const {
  std::vector<std::shared_ptr<const PluginLibrary>> found;
  for (const auto& directory : options_.directories)
    for (const auto& file : libraries_in(directory))
      if (auto library = open_or_skip(file, options_.keys)) found.push_back(std::move(library));
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a->info().name < b->info().name; });
  return found;
}

void PluginSearch::not_found(std::string_view wanted) const {
  std::vector<std::string> names, places;
  for (const auto& library : list()) names.push_back(library->info().name);
  if (options_.registry) places.emplace_back("the registry");
  for (const auto& directory : options_.directories) places.push_back(directory.string());
  throw Error(Code::not_found,
              fmt::format("there is no plugin {}{}; looked in {}{}", wanted, did_you_mean(wanted, names),
                          places.empty() ? "no place" : fmt::format("{}", fmt::join(places, ", ")),
                          names.empty() ? "" : fmt::format(", where there are {}", fmt::join(names, ", "))));
}

}  // namespace assay
