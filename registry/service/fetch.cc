// SPDX-License-Identifier: Apache-2.0
#include "registry/service/fetch.h"

#include <fmt/format.h>

#include "registry/catalog/database.h"
#include "registry/catalog/versions.h"
#include "registry/domain/nearest.h"
#include "registry/service/readable_blobs.h"
#include "registry/service/resolve.h"
#include "storage/base/error.h"

namespace assay {
namespace {

Error no_file(const Version& version, const FilePath& path) {
  std::vector<std::string> paths;
  for (const VersionFile& file : version.files) paths.push_back(file.path.text());
  return Error(Code::not_found, fmt::format("{} has no file {}{}", version.reference(), path.text(),
                                            did_you_mean(path.text(), paths)));
}

}  // namespace

BlobInfo stat_blob(const Services& services, const Principal& caller, const Digest& digest) {
  const BlobAccess access =
      services.database.read([&](Snapshot& snapshot) { return blob_access(snapshot, caller, digest); });
  if (access != BlobAccess::none)
    if (const auto blob = services.blobs.stat(digest)) return *blob;
  if (access == BlobAccess::held)
    throw Error(Code::corrupt,
                fmt::format("A version has the blob {} and the store has lost it: push the file again with "
                            "--resend, or restore a backup; assay scrub lists what else is lost",
                            digest.text()));
  throw Error(Code::not_found,
              fmt::format("There is no blob {} that \"{}\" may read: upload it, or ask for it through "
                          "a version",
                          digest.text(), caller.name));
}

std::unique_ptr<BlobReader> open_blob(const Services& services, const Principal& caller, const Digest& digest,
                                      const ByteRange& range) {
  stat_blob(services, caller, digest);
  return services.blobs.open(digest, range);
}

VersionFile find_file(const Services& services, const Principal& caller, Kind kind, const Name& name,
                      const Selector& selector, const FilePath& path) {
  require(caller, Permission::read, name.space());
  return services.database.read([&](Snapshot& snapshot) {
    if (const auto number = find_number(snapshot, kind, name, selector))
      if (auto file = find_file(snapshot, kind, name, *number, path)) return *std::move(file);
    throw no_file(resolve(snapshot, kind, name, selector), path);
  });
}

}  // namespace assay
