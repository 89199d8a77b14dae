// SPDX-License-Identifier: Apache-2.0
// A copy of a data directory that a registry can be restored from, made while a server runs on it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "registry/domain/time.h"
#include "storage/base/digest.h"

namespace assay::daemon {

// BACKUP/backup.json lists what belongs to it:
//   {"assay_backup":1,"created_at","catalog":NAME,"files":[{"path","size","digest"}]}
// with paths below BACKUP. A pack may have grown behind `size`; what counts are its first `size` bytes.
struct BackupFile {
  std::string path;
  std::uint64_t size = 0;
  Digest digest;
};

struct Backup {
  Time created_at;
  std::string catalogue;  // which of the files it is
  std::vector<BackupFile> files;
};

// Throws not_found when there is none in `directory`, corrupt when it does not read.
Backup read_backup(const std::filesystem::path& directory);

struct BackupReport {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;         // of all files
  std::uint64_t files_copied = 0;  // the others were in the backup already
  std::uint64_t bytes_copied = 0;
};

using BackupProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;  // bytes; may be empty

// Makes or renews the backup in `to`, which is made when missing. Takes the catalogue as of one moment first
// and the blobs after, so that every version in it has its bytes; garbage collection waits meanwhile, nothing
// else does. Not in it: admin.token, what uploads have not finished, the blob index (made anew from the
// packs). The backup before stays whole until this one is, however it is interrupted. Throws not_found
// without a registry in `data_dir`, unavailable while a collection runs, already_exists when `to` holds
// something else, full.
BackupReport back_up(const std::filesystem::path& data_dir, const std::filesystem::path& to,
                     const BackupProgress& progress = {});

// Copies the backup to `data_dir`, which must not exist or be empty, comparing every digest; makes a new
// admin token there. Nothing is at `data_dir` when it throws: corrupt naming the file that is not what it
// was, already_exists when `data_dir` holds something, not_found.
void restore(const std::filesystem::path& backup, const std::filesystem::path& data_dir,
             const BackupProgress& progress = {});

}  // namespace assay::daemon
