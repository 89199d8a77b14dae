// SPDX-License-Identifier: Apache-2.0
// What a zip archive says that it holds, found as Python's zipfile finds it: by the record at its end, whatever stands
// before it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "registry/content/byte_stream.h"

namespace assay {

struct ZipEntry {
  std::string name;
  std::uint16_t method = 0;  // 0: as it is, 8: deflate
  bool encrypted = false;
  std::uint64_t packed_size = 0;
  std::uint64_t size = 0;
  std::uint64_t header = 0;  // where its local header starts
};

struct ZipDirectory {
  static constexpr std::size_t kMaxEntries = 4096;              // of which each is read; a checkpoint of 4000 tensors
  static constexpr std::size_t kMaxBytes = std::size_t{4} << 20;  // of the list, which is held

  std::vector<ZipEntry> entries{};  // the first kMaxEntries
  std::string broken{};             // why there are no more than these; empty: they are all
};

// Nothing when there is no such record at the end.
std::optional<ZipDirectory> read_zip_directory(ByteSource& source);
// Where the bytes of an entry start; nothing when it has no header there.
std::optional<std::uint64_t> zip_entry_start(ByteSource& source, const ZipEntry& entry);

}  // namespace assay
