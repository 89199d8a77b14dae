// SPDX-License-Identifier: Apache-2.0
#include "registry/daemon/stored_artifacts.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>

#include "registry/catalog/libraries.h"
#include "registry/catalog/versions.h"
#include "storage/base/error.h"

namespace assay::daemon {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxHolders = 16;  // of one library; more are copies by name

void copy_blob(const BlobStore& blobs, const Digest& digest, const fs::path& path) {
  const fs::path part = path.string() + ".part";
  {
    const auto reader = blobs.open(digest, {});
    std::ofstream out(part, std::ios::binary | std::ios::trunc);
    std::array<std::byte, 256 * 1024> buffer;
    while (const std::size_t got = reader->read(buffer))
      out.write(reinterpret_cast<const char*>(buffer.data()), static_cast<std::streamsize>(got));
    if (!out.flush()) throw system_error("writing " + part.string(), errno);
  }
  fs::rename(part, path);
}

Error not_here(const char* what) {
  return Error(Code::unsupported, std::string(what) + " is not done inside the server");
}

}  // namespace

StoredArtifacts::StoredArtifacts(Database& database, const BlobStore& blobs, fs::path scratch)
    : database_(database), blobs_(blobs), scratch_(std::move(scratch)) {
  std::error_code failed;
  fs::remove_all(scratch_, failed);
  fs::create_directories(scratch_, failed);
  if (failed) throw system_error("creating " + scratch_.string(), failed.value());
}

StoredArtifacts::~StoredArtifacts() {
  std::error_code ignored;
  fs::remove_all(scratch_, ignored);
}

ArtifactVersion StoredArtifacts::resolve(Kind kind, std::string_view text) {
  const Digest digest = Digest::parse(text);
  const auto versions = database_.read(
      [&](Snapshot& snapshot) { return versions_with_digest(snapshot, digest, PageRequest::kMaxLimit); });
  const auto found = std::find_if(versions.begin(), versions.end(),
                                  [&](const Version& version) { return version.kind == kind; });
  if (found == versions.end())
    throw Error(Code::not_found,
                "no " + std::string(singular(kind)) + " here has the digest " + digest.text());
  ArtifactVersion out{kind, found->reference(), digest, {}};
  for (const VersionFile& file : found->files)
    out.files.push_back({file.path.text(), file.digest, file.size});
  return out;
}

fs::path StoredArtifacts::fetch(const ArtifactVersion&, const ArtifactFile& file) {
  const fs::path path = scratch_ / file.digest.hex();
  const std::lock_guard lock(mutex_);
  // The store verifies while it reads; the scratch directory is the server's own.
  if (!fs::exists(path)) copy_blob(blobs_, file.digest, path);
  return path;
}

ArtifactVersion StoredArtifacts::resolve_input(const ArtifactVersion&, const Digest&) {
  throw not_here("looking up training data");
}

ArtifactVersion StoredArtifacts::publish_model(std::string_view, const std::vector<NewFile>&, const Id&) {
  throw not_here("training");
}

RegisteredPlugin StoredArtifacts::fetch_library(const Version& version, const Digest& library) {
  const auto has = [&](std::string_view extension) {
    return std::find_if(version.files.begin(), version.files.end(), [&](const VersionFile& file) {
      return file.path.extension() == extension && (extension == "sig" || file.digest == library);
    });
  };
  const fs::path folder = scratch_ / version.digest.hex();
  const fs::path path = folder / "library.so";
  const std::lock_guard lock(mutex_);
  if (!fs::exists(path)) {
    fs::create_directories(folder);
    if (const auto signature = has("sig"); signature != version.files.end())
      copy_blob(blobs_, signature->digest, signature_file(path));
    copy_blob(blobs_, has("so")->digest, path);
  }
  return {path, version.reference()};
}

std::optional<RegisteredPlugin> StoredArtifacts::find_plugin(std::string_view wanted) {
  if (!wanted.starts_with("sha256:")) return std::nullopt;
  const Digest library = Digest::parse(wanted);
  const auto holders = database_.read([&](Snapshot& snapshot) {
    return versions_with_library(snapshot, library, ReadableSpaces::everything(), kMaxHolders);
  });
  if (holders.empty()) return std::nullopt;
  // Any that brings a signature will do: it is of the same bytes.
  for (const Version& version : holders)
    if (auto signed_one = fetch_library(version, library); fs::exists(signature_file(signed_one.library)))
      return signed_one;
  return fetch_library(holders.front(), library);
}

}  // namespace assay::daemon
