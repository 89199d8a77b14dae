// SPDX-License-Identifier: Apache-2.0
// One directory tree, as a seam: every file operation of the store goes through here, so that a test can make
// any one of them fail, kill the process at it, or cut the power after it. Not a general file library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace assay {

// An open file. One thread at a time, except read_at, which any thread may call at any time for bytes that were there
// before.
class File {
 public:
  virtual ~File() = default;

  // Fills `out` from `offset` on and returns how many bytes; fewer than asked only at the end of the file.
  virtual std::size_t read_at(std::uint64_t offset, std::span<std::byte> out) const = 0;
  // Writes all of `bytes` at the end. Throws full when there is no room; what was written then is
  // unspecified.
  virtual void append(std::span<const std::byte> bytes) = 0;
  // The bytes and the length survive a power cut once this returns; the file's name does not until its
  // directory is synced. A failed sync must not be tried again: the kernel may have dropped the bytes and
  // would report success.
  virtual void sync() = 0;
  virtual std::uint64_t size() const = 0;
};

// An open directory.
class Directory {
 public:
  virtual ~Directory() = default;

  // The entries survive a power cut once this returns. As with File::sync, a failure must not be retried. An
  // error that the disk reports from the moment the directory was opened on is seen here, whoever else syncs
  // meanwhile.
  virtual void sync() = 0;
};

struct FileEntry {
  enum class Kind { file, directory, other };  // a link is `other`: nothing here follows one
  std::string name;
  Kind kind;

  bool operator==(const FileEntry&) const = default;
};

// Paths are relative to the tree's root, parts joined by one "/", none of them empty, "." or ".."; "" is the
// root itself where a directory is meant. Nothing leaves the tree and no symbolic link is followed. Failures
// throw system_error's codes, naming operation and path. Any thread may call any method at any time.
class Files {
 public:
  virtual ~Files() = default;

  // For reading. Throws not_found.
  virtual std::unique_ptr<File> open(std::string_view path) const = 0;
  // A new, empty file for appending and reading, mode 0600. Throws already_exists.
  virtual std::unique_ptr<File> create(std::string_view path) = 0;
  // Atomic. False, and nothing changed, when `to` exists.
  [[nodiscard]] virtual bool rename_new(std::string_view from, std::string_view to) = 0;
  // Throws not_found.
  virtual std::unique_ptr<Directory> open_directory(std::string_view path) = 0;
  // Mode 0700. False when the directory exists.
  virtual bool make_directory(std::string_view path) = 0;
  // A file. Throws not_found.
  virtual void remove(std::string_view path) = 0;
  // A directory's entries by ascending name. Throws not_found.
  virtual std::vector<FileEntry> list(std::string_view path) const = 0;
};

// The tree at `root` on this machine's file system; makes `root` (not its parents), durably, when it does not
// exist, mode 0700. The result keeps the directory open, so renaming it does not disturb.
std::unique_ptr<Files> open_files(const std::filesystem::path& root);
// As above, but throws not_found instead of making `root`.
std::unique_ptr<Files> open_existing_files(const std::filesystem::path& root);

}  // namespace assay
