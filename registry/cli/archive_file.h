// SPDX-License-Identifier: Apache-2.0
// What `assay export` writes and `assay import` reads: one tar file that is an OCI image layout, so that other tools can
// read the versions in it. Order: oci-layout, index.json, perhaps index.json.sig, then blobs. The first blob are the
// records (what Assay knows of the versions beside their bytes); through index and records every byte has a digest, so
// that a signature of index.json covers all of it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "storage/base/digest.h"

namespace assay::cli {

inline constexpr std::string_view kRecordsMediaType = "application/vnd.assay.records.v1+json";
inline constexpr std::uint64_t kMaxArchiveDocument = 16 << 20;  // bytes of index.json and of the records

// {"mediaType","digest","size"} as OCI has them.
nlohmann::json descriptor(std::string_view media_type, std::string_view bytes);

class ArchiveWriter {
 public:
  // Writes FILE.part, which finish() renames. Throws as system_error.
  explicit ArchiveWriter(std::filesystem::path file);
  ~ArchiveWriter();  // removes what was not finished
  ArchiveWriter(const ArchiveWriter&) = delete;
  ArchiveWriter& operator=(const ArchiveWriter&) = delete;

  // First. `signature` is of index.dump(); empty: none.
  void add_index(const nlohmann::json& index, std::string_view signature);
  void add_blob(std::string_view bytes);
  void add_blob(const Digest& digest, std::uint64_t size, const std::filesystem::path& file);
  // Durable on return.
  void finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

class ArchiveReader {
 public:
  // Throws not_found, and corrupt for a file that is no such archive.
  explicit ArchiveReader(const std::filesystem::path& file);
  ~ArchiveReader();

  // The bytes of index.json, and their signature; empty when there is none.
  const std::string& index() const;
  const std::string& signature() const;
  // Of the blob that index.json describes with kRecordsMediaType.
  const nlohmann::json& records() const;

  struct Blob {
    Digest digest;
    std::uint64_t size;
  };
  // The next blob, in the order of the file; nothing after the last. Throws corrupt for an entry that is no blob, and
  // for a file that ends too early.
  std::optional<Blob> next();
  // The bytes of that blob into `path`. Throws corrupt when they do not have its digest. At most once for each.
  void extract(const std::filesystem::path& path);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace assay::cli
