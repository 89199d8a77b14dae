// SPDX-License-Identifier: Apache-2.0
#include "registry/cli/publish_files.h"

#include <algorithm>
#include <mutex>
#include <set>

#include "registry/cli/parallel.h"
#include "registry/cli/progress.h"
#include "registry/domain/manifest.h"

namespace assay::cli {
namespace {

// Blobs that `file` probably resembles: the files of its path, else all of the same kind, else nothing.
std::vector<Digest> parents_of(const CollectedFile& file, const std::vector<Version>& alike) {
  std::vector<Digest> parents;
  const auto add = [&](const auto& resembles) {
    for (const Version& version : alike)
      for (const VersionFile& other : version.files)
        if (other.size >= client::kSentWhole && resembles(other) &&
            std::find(parents.begin(), parents.end(), other.digest) == parents.end())
          parents.push_back(other.digest);
  };
  add([&](const VersionFile& other) { return other.path == file.path; });
  if (parents.empty())
    add([&](const VersionFile& other) { return other.path.extension() == file.path.extension(); });
  return parents;
}

void upload_small(client::ApiClient& api, const std::vector<const CollectedFile*>& files,
                  Uploaded& uploaded) {
  std::uint64_t total = 0;
  for (const CollectedFile* file : files) total += file->file.size;
  ProgressLine line(std::to_string(files.size()) + " small files");
  std::uint64_t done = 0;
  std::mutex mutex;  // guards what is counted
  in_parallel(api.session(), files, [&](client::Session& session, const CollectedFile* item) {
    const CollectedFile& file = *item;
    const bool known = client::has_blob(session, file.file.digest);
    if (!known) client::upload(session, file.file, {}, {});
    const std::lock_guard lock(mutex);
    if (known)
      ++uploaded.known_files;
    else
      uploaded.sent_bytes += file.file.size;
    done += file.file.size;
    line.bytes(done, total);
  });
}

}  // namespace

Uploaded upload_files(client::ApiClient& api, const std::vector<CollectedFile>& files,
                      const std::vector<Version>& alike) {
  std::vector<const CollectedFile*> small;
  std::vector<const CollectedFile*> large;
  std::set<Digest> settled;
  for (const CollectedFile& file : files)
    if (settled.insert(file.file.digest).second)
      (file.file.size < client::kSentWhole ? small : large).push_back(&file);
  Uploaded uploaded;
  upload_small(api, small, uploaded);
  // One at a time: each keeps both ends busy, and takes memory at both.
  for (const CollectedFile* file : large) {
    ProgressLine line(file->path.text());
    const client::Sent sent = client::upload(api.session(), file->file, parents_of(*file, alike),
                                             [&](auto done, auto total) { line.bytes(done, total); });
    uploaded.sent_bytes += sent.travelled;
    if (sent.known) ++uploaded.known_files;
  }
  return uploaded;
}

Pushed resend_files(client::ApiClient& api, Kind kind, const Name& name,
                    const std::vector<CollectedFile>& files) {
  const Manifest manifest = Manifest::build(kind, version_files(files));
  Pushed pushed{api.version(kind, {name, Selector(manifest.digest())}), false};
  std::set<Digest> settled;
  for (const CollectedFile& file : files) {
    if (!settled.insert(file.file.digest).second) continue;
    ProgressLine line(file.path.text());
    const client::Sent sent =
        client::resend(api.session(), file.file, [&](auto done, auto total) { line.bytes(done, total); });
    pushed.uploaded.sent_bytes += sent.travelled;
  }
  // The registry made it from the files, and keeps it beside them.
  client::resend(api.session(), manifest.config());
  return pushed;
}

Pushed publish_files(client::ApiClient& api, Kind kind, const Name& name,
                     const std::vector<CollectedFile>& files, client::PublishDetails details,
                     const std::optional<Version>& parent) {
  // Equal files have an equal manifest, so a push that changes nothing is seen before a byte travels.
  const Manifest manifest = Manifest::build(kind, version_files(files));
  std::vector<Version> alike;
  if (parent) alike.push_back(*parent);
  if (auto artifact = api.find_artifact(kind, name); artifact && artifact->latest) {
    if (artifact->latest->digest == manifest.digest()) return {*std::move(artifact->latest), false};
    alike.push_back(*std::move(artifact->latest));
  }
  const Uploaded uploaded = upload_files(api, files, alike);
  details.if_changed = true;
  client::Published published = api.publish(kind, name, version_files(files), details);
  return {std::move(published.version), published.created, uploaded};
}

}  // namespace assay::cli
