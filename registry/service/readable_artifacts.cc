// SPDX-License-Identifier: Apache-2.0
#include "registry/service/readable_artifacts.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "registry/catalog/database.h"
#include "registry/catalog/versions.h"
#include "registry/domain/reference.h"
#include "registry/service/resolve.h"
#include "storage/base/error.h"

namespace assay {
namespace {

ArtifactVersion as_compute_sees(const Version& version) {
  ArtifactVersion out{version.kind, version.reference(), version.digest, {}};
  for (const VersionFile& file : version.files) out.files.push_back({file.path.text(), file.digest, file.size});
  return out;
}

}  // namespace

ReadableArtifacts::ReadableArtifacts(const Services& services, Principal caller, Artifacts& copies)
    : services_(services), caller_(std::move(caller)), copies_(copies) {}

ArtifactVersion ReadableArtifacts::resolve(Kind kind, std::string_view text) {
  if (text.starts_with("sha256:")) return resolve_digest(kind, Digest::parse(text));
  const Reference reference = Reference::parse(text);
  return as_compute_sees(assay::resolve(services_, caller_, kind, reference.name, reference.selector));
}

ArtifactVersion ReadableArtifacts::resolve_digest(Kind kind, const Digest& digest) {
  const auto versions = services_.database.read(
      [&](Snapshot& snapshot) { return versions_with_digest(snapshot, digest, PageRequest::kMaxLimit); });
  const auto found = std::find_if(versions.begin(), versions.end(), [&](const Version& version) {
    return version.kind == kind && caller_.may(Permission::read, version.name.space());
  });
  if (found == versions.end())
    throw Error(Code::not_found, fmt::format("There is no {} {} that \"{}\" may read", singular(kind),
                                             digest.text(), caller_.name));
  return as_compute_sees(*found);
}

ArtifactVersion ReadableArtifacts::resolve_input(const ArtifactVersion&, const Digest& dataset) {
  return resolve_digest(Kind::dataset, dataset);
}

std::filesystem::path ReadableArtifacts::fetch(const ArtifactVersion& version, const ArtifactFile& file) {
  if (file.size > kMaxServerFile)
    throw Error(Code::too_large,
                fmt::format("{} of {} has {}; the server works on files of at most {}: leave out --on server",
                            file.path, version.reference, byte_size_text(file.size), byte_size_text(kMaxServerFile)));
  return copies_.fetch(version, file);
}

ArtifactVersion ReadableArtifacts::publish_model(std::string_view, const std::vector<NewFile>&, const Id&) {
  throw Error(Code::unsupported, "training is not done inside the server");
}

}  // namespace assay
