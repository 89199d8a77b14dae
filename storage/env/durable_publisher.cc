// SPDX-License-Identifier: Apache-2.0
#include "storage/env/durable_publisher.h"

#include <string>

#include "storage/base/error.h"

namespace assay {
namespace {

// Runs `sync`; a failure that is not a full disk raises `failed`, because the kernel marks pages that it
// could not write as clean: a second sync would succeed and mean nothing, for any file of the same disk.
template <typename Sync>
void sync_once(std::atomic<bool>& failed, Sync sync) {
  try {
    sync();
  } catch (const Error& error) {
    if (error.code() == Code::full) throw;
    failed = true;
    throw Error(Code::unavailable,
                error.message() +
                    ". The disk may have lost data, so the store takes no more writes: check the "
                    "disk, then restart the server and run assay fsck.");
  }
}

std::string_view parent_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? "" : path.substr(0, slash);
}

}  // namespace

bool DurablePublisher::publish(File& file, std::string_view temp, std::string_view target) {
  ensure_writable();
  // Opened first: running out of descriptors here changes nothing, after the rename it would leave a name
  // behind that nobody was promised.
  const auto directory = files_.open_directory(parent_of(target));
  sync_once(failed_, [&] { file.sync(); });
  const bool renamed = files_.rename_new(temp, target);
  // Also when the name was taken: whoever took it may not have synced the directory yet, and we are about to
  // promise that the name is durable.
  sync_once(failed_, [&] { directory->sync(); });
  ensure_writable();
  return renamed;
}

void DurablePublisher::sync(File& file) {
  ensure_writable();
  sync_once(failed_, [&] { file.sync(); });
  ensure_writable();
}

void DurablePublisher::sync_directory(std::string_view path) {
  ensure_writable();
  const auto directory = files_.open_directory(path);
  sync_once(failed_, [&] { directory->sync(); });
  ensure_writable();
}

void DurablePublisher::ensure_writable() const {
  if (failed_)
    throw Error(Code::unavailable,
                "The store takes no more writes since syncing to disk failed: check the disk, then restart "
                "the server "
                "and run assay fsck.");
}

}  // namespace assay
