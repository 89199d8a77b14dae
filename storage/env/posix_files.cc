// SPDX-License-Identifier: Apache-2.0
// Files over POSIX: every path is resolved beneath one open directory.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string>

#include "storage/base/error.h"
#include "storage/env/files.h"
#include "storage/env/open_beneath.h"
#include "storage/env/unique_fd.h"

namespace assay {
namespace {

class PosixFile final : public File {
 public:
  PosixFile(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  std::size_t read_at(std::uint64_t offset, std::span<std::byte> out) const override {
    std::size_t done = 0;
    while (done < out.size()) {
      const ssize_t got =
          ::pread(fd_.get(), out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
      if (got == 0) break;
      if (got > 0)
        done += static_cast<std::size_t>(got);
      else if (errno != EINTR)
        throw system_error("Reading " + path_, errno);
    }
    return done;
  }

  void append(std::span<const std::byte> bytes) override {
    appended_ += bytes.size();
    while (!bytes.empty()) {
      const ssize_t put = ::write(fd_.get(), bytes.data(), bytes.size());
      if (put >= 0)
        bytes = bytes.subspan(static_cast<std::size_t>(put));
      else if (errno != EINTR)
        throw system_error("Writing " + path_, errno);
    }
    if (appended_ >= kWritebackStep) start_writeback();
  }

  // Not retried on EINTR either: whether an interrupted sync dropped an error is not specified.
  void sync() override {
    if (::fdatasync(fd_.get()) != 0) throw system_error("Syncing " + path_, errno);
  }

  std::uint64_t size() const override {
    struct stat status {};
    if (::fstat(fd_.get(), &status) != 0) throw system_error("Measuring " + path_, errno);
    return static_cast<std::uint64_t>(status.st_size);
  }

 private:
  static constexpr std::size_t kWritebackStep = 8 << 20;

  // Lets the disk begin while more is being made, so that the sync at the end has little left to wait for. A hint:
  // whether it succeeds says nothing, sync() does.
  void start_writeback() {
    appended_ = 0;
    (void)::sync_file_range(fd_.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
  }

  UniqueFd fd_;
  std::string path_;
  std::size_t appended_ = 0;  // since the last hint
};

class PosixDirectory final : public Directory {
 public:
  PosixDirectory(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  void sync() override {
    if (::fsync(fd_.get()) != 0) throw system_error("Syncing the directory " + path_, errno);
  }

 private:
  UniqueFd fd_;
  std::string path_;
};

FileEntry::Kind kind_of(int directory, const dirent& entry) {
  if (entry.d_type == DT_REG) return FileEntry::Kind::file;
  if (entry.d_type == DT_DIR) return FileEntry::Kind::directory;
  if (entry.d_type != DT_UNKNOWN) return FileEntry::Kind::other;
  struct stat status {};  // some file systems do not fill d_type
  if (::fstatat(directory, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) return FileEntry::Kind::other;
  if (S_ISREG(status.st_mode)) return FileEntry::Kind::file;
  return S_ISDIR(status.st_mode) ? FileEntry::Kind::directory : FileEntry::Kind::other;
}

class PosixFiles final : public Files {
 public:
  PosixFiles(UniqueFd root, std::string name) : root_(std::move(root)), name_(std::move(name)) {}

  std::unique_ptr<File> open(std::string_view path) const override {
    UniqueFd fd = open_beneath(root_.get(), path, O_RDONLY | O_NONBLOCK);
    if (!fd.valid()) throw system_error("Opening " + full(path), errno);
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode))
      throw Error(Code::unavailable, "Opening " + full(path) + ": it is not a regular file");
    return std::make_unique<PosixFile>(std::move(fd), full(path));
  }

  std::unique_ptr<File> create(std::string_view path) override {
    UniqueFd fd = open_beneath(root_.get(), path, O_RDWR | O_CREAT | O_EXCL | O_APPEND, 0600);
    if (!fd.valid()) throw system_error("Creating " + full(path), errno);
    return std::make_unique<PosixFile>(std::move(fd), full(path));
  }

  bool rename_new(std::string_view from, std::string_view to) override {
    const Place source = place(from);
    const Place target = place(to);
    int failed = ::renameat2(source.directory.get(), source.leaf.c_str(), target.directory.get(),
                             target.leaf.c_str(), RENAME_NOREPLACE);
    if (failed != 0 && errno == EINVAL) failed = link_and_remove(source, target);
    if (failed == 0) return true;
    if (errno == EEXIST) return false;
    throw system_error("Renaming " + full(from) + " to " + full(to), errno);
  }

  std::unique_ptr<Directory> open_directory(std::string_view path) override {
    UniqueFd fd = open_beneath(root_.get(), path, O_RDONLY | O_DIRECTORY);
    if (!fd.valid()) throw system_error("Opening the directory " + full(path), errno);
    return std::make_unique<PosixDirectory>(std::move(fd), full(path));
  }

  bool make_directory(std::string_view path) override {
    const Place target = place(path);
    if (::mkdirat(target.directory.get(), target.leaf.c_str(), 0700) == 0) return true;
    if (errno == EEXIST) return false;
    throw system_error("Making the directory " + full(path), errno);
  }

  void remove(std::string_view path) override {
    const Place target = place(path);
    if (::unlinkat(target.directory.get(), target.leaf.c_str(), 0) != 0)
      throw system_error("Removing " + full(path), errno);
  }

  std::vector<FileEntry> list(std::string_view path) const override {
    UniqueFd fd = open_beneath(root_.get(), path, O_RDONLY | O_DIRECTORY);
    if (!fd.valid()) throw system_error("Opening the directory " + full(path), errno);
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(fd.get()), &::closedir);
    if (!stream) throw system_error("Listing " + full(path), errno);
    const int directory = fd.release();
    std::vector<FileEntry> entries;
    for (;;) {
      errno = 0;
      const dirent* entry = ::readdir(stream.get());
      if (entry == nullptr) break;
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") entries.push_back({std::string(name), kind_of(directory, *entry)});
    }
    if (errno != 0) throw system_error("Listing " + full(path), errno);
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return entries;
  }

 private:
  struct Place {
    UniqueFd directory;
    std::string leaf;
  };

  // For file systems without RENAME_NOREPLACE. Between the two steps the file has both names, which is
  // harmless: the old one is a temporary that a crash leaves to be swept.
  static int link_and_remove(const Place& source, const Place& target) {
    const int failed =
        ::linkat(source.directory.get(), source.leaf.c_str(), target.directory.get(), target.leaf.c_str(), 0);
    return failed != 0 ? failed : ::unlinkat(source.directory.get(), source.leaf.c_str(), 0);
  }

  // The parent is resolved first, because the calls that take a name and not a descriptor cannot be confined.
  Place place(std::string_view path) const {
    const std::size_t slash = path.rfind('/');
    const bool top = slash == std::string_view::npos;
    const std::string_view leaf = top ? path : path.substr(slash + 1);
    if (leaf.empty() || leaf == "." || leaf == "..")
      throw Error(Code::internal, "The path \"" + std::string(path) + "\" is not one within the store");
    UniqueFd directory = open_beneath(root_.get(), top ? "" : path.substr(0, slash), O_PATH | O_DIRECTORY);
    if (!directory.valid()) throw system_error("Opening the directory of " + full(path), errno);
    return {std::move(directory), std::string(leaf)};
  }

  std::string full(std::string_view path) const {
    return path.empty() ? name_ : name_ + "/" + std::string(path);
  }

  UniqueFd root_;
  std::string name_;
};

}  // namespace

std::unique_ptr<Files> open_existing_files(const std::filesystem::path& root) {
  UniqueFd fd(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) throw system_error("Opening the directory " + root.string(), errno);
  return std::make_unique<PosixFiles>(std::move(fd), root.string());
}

std::unique_ptr<Files> open_files(const std::filesystem::path& root) {
  if (::mkdir(root.c_str(), 0700) == 0) {
    const std::filesystem::path parent = std::filesystem::absolute(root).parent_path();
    const UniqueFd fd(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.valid() || ::fsync(fd.get()) != 0)
      throw system_error("Syncing the directory " + parent.string(), errno);
  } else if (errno != EEXIST) {
    throw system_error("Making the directory " + root.string(), errno);
  }
  return open_existing_files(root);
}

}  // namespace assay
