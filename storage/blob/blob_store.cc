// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/blob_store.h"

#include <fmt/format.h>

#include "storage/base/error.h"

namespace assay {

BlobInfo put(BlobStore& store, std::span<const std::byte> bytes) {
  const auto upload = store.begin_upload({.digest = Digest::of(bytes), .size = bytes.size()});
  upload->write(bytes);
  return upload->finish();
}

BlobInfo put(BlobStore& store, std::string_view bytes) {
  return put(store, std::as_bytes(std::span(bytes)));
}

std::string read_all(const BlobStore& store, const Digest& digest, std::uint64_t limit) {
  const auto reader = store.open(digest, {});
  if (reader->size() > limit)
    throw Error(Code::too_large, fmt::format("Blob {} has {} bytes where at most {} are expected",
                                             digest.short_text(), reader->size(), limit));
  std::string out(reader->size(), '\0');
  const auto bytes = std::as_writable_bytes(std::span(out));
  for (std::size_t done = 0; done < bytes.size();) {
    const std::size_t got = reader->read(bytes.subspan(done));
    if (got == 0)
      throw Error(Code::internal,
                  fmt::format("Blob {} ended after {} of {} bytes", digest.short_text(), done, bytes.size()));
    done += got;
  }
  return out;
}

}  // namespace assay
