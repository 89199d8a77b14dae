// SPDX-License-Identifier: Apache-2.0
#include "registry/cli/remote_artifacts.h"

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "registry/cli/progress.h"
#include "registry/cli/publish_files.h"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;

ArtifactVersion artifact_version(const Version& version) {
  ArtifactVersion out{version.kind, version.reference(), version.digest, {}};
  for (const VersionFile& file : version.files)
    out.files.push_back({file.path.text(), file.digest, file.size});
  return out;
}

void write_file(const fs::path& path, std::string_view bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!out.flush()) throw system_error("writing " + path.string(), errno);
}

}  // namespace

ScratchDirectory::ScratchDirectory() {
  std::string name = (fs::temp_directory_path() / "assay-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw system_error("making a temporary directory " + name, errno);
  path_ = name;
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

ArtifactVersion RemoteArtifacts::resolve(Kind kind, std::string_view reference) {
  if (reference.starts_with("sha256:")) return resolve_digest(kind, Digest::parse(reference));
  return artifact_version(api_.version(kind, Reference::parse(reference)));
}

ArtifactVersion RemoteArtifacts::resolve_digest(Kind kind, const Digest& digest) {
  for (const Artifact& artifact : api_.artifacts(kind, std::nullopt)) {
    if (artifact.latest && artifact.latest->digest == digest) return artifact_version(*artifact.latest);
    try {
      return artifact_version(api_.version(kind, {artifact.name, Selector(digest)}));
    } catch (const Error& error) {
      if (error.code() != Code::not_found) throw;
    }
  }
  throw Error(Code::not_found,
              "no " + std::string(singular(kind)) + " of this registry has the digest " + digest.text());
}

ArtifactVersion RemoteArtifacts::resolve_input(const ArtifactVersion& model, const Digest& dataset) {
  const nlohmann::json lineage = api_.lineage(Kind::model, Reference::parse(model.reference));
  for (const auto& input : lineage.value("inputs", nlohmann::json::array()))
    if (input.value("kind", "") == singular(Kind::dataset) && input.value("digest", "") == dataset.text())
      return resolve(Kind::dataset, input.value("reference", dataset.text()));
  return resolve_digest(Kind::dataset, dataset);
}

fs::path RemoteArtifacts::fetch(const ArtifactVersion& version, const ArtifactFile& file) {
  // One copy for all versions and names that share the bytes.
  const fs::path path = scratch_.path() / "blobs" / file.digest.hex();
  const Reference reference = Reference::parse(version.reference);
  const std::string origin = cache_origin(version.kind, reference.name, file.path);
  ProgressLine line(version.reference + " " + file.path);
  client::download(api_.session(), {file.digest, file.size}, path,
                   cache_ ? cache_->nearby(origin) : client::Nearby(),
                   [&](auto done, auto total) { line.bytes(done, total); });
  if (cache_) cache_->keep(origin, file.digest, file.size, path);
  return path;
}

ArtifactVersion RemoteArtifacts::publish_model(std::string_view name, const std::vector<NewFile>& files,
                                               const Id& run) {
  ScratchDirectory folder;
  std::vector<CollectedFile> collected;
  for (const NewFile& file : files) {
    FilePath path = FilePath::parse(file.path);
    write_file(folder.path() / path.text(), file.bytes);
    collected.push_back({path, client::hash_file(folder.path() / path.text())});
  }
  const Name model = Name::parse(name);
  std::vector<Version> alike;
  if (auto artifact = api_.find_artifact(Kind::model, model); artifact && artifact->latest)
    alike.push_back(*std::move(artifact->latest));
  upload_files(api_, collected, alike);
  client::PublishDetails details;
  details.run_id = run.text();
  return artifact_version(api_.publish(Kind::model, model, version_files(collected), details).version);
}

Id RemoteRunLog::start(const RunDraft& run) {
  RunDraft here = run;
  here.environment = environment_;
  return api_.start_run(here);
}

}  // namespace assay::cli
