// SPDX-License-Identifier: Apache-2.0
// Files with a hook before every operation: count them, make the k-th one fail, or end the process at it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/base/error.h"
#include "storage/env/files.h"

namespace assay::test {

class HookedFiles final : public Files {
 public:
  // Called before each operation with its name ("append", "sync", ...) and path; throwing makes the operation
  // fail.
  using Hook = std::function<void(std::string_view operation, std::string_view path)>;

  HookedFiles(Files& files, Hook hook) : files_(files), hook_(std::move(hook)) {}

  std::unique_ptr<File> open(std::string_view path) const override {
    hook_("open", path);
    return std::make_unique<Hooked>(*this, files_.open(path), std::string(path));
  }
  std::unique_ptr<File> create(std::string_view path) override {
    hook_("create", path);
    return std::make_unique<Hooked>(*this, files_.create(path), std::string(path));
  }
  bool rename_new(std::string_view from, std::string_view to) override {
    hook_("rename", to);
    return files_.rename_new(from, to);
  }
  std::unique_ptr<Directory> open_directory(std::string_view path) override {
    hook_("open_directory", path);
    return std::make_unique<HookedDirectory>(*this, files_.open_directory(path), std::string(path));
  }
  bool make_directory(std::string_view path) override {
    hook_("make_directory", path);
    return files_.make_directory(path);
  }
  void remove(std::string_view path) override {
    hook_("remove", path);
    files_.remove(path);
  }
  std::vector<FileEntry> list(std::string_view path) const override {
    hook_("list", path);
    return files_.list(path);
  }

 private:
  class Hooked final : public File {
   public:
    Hooked(const HookedFiles& files, std::unique_ptr<File> file, std::string path)
        : files_(files), file_(std::move(file)), path_(std::move(path)) {}

    std::size_t read_at(std::uint64_t offset, std::span<std::byte> out) const override {
      files_.hook_("read", path_);
      return file_->read_at(offset, out);
    }
    // A failing write leaves half of the bytes behind, as a disk that fills up does.
    void append(std::span<const std::byte> bytes) override {
      try {
        files_.hook_("append", path_);
      } catch (...) {
        file_->append(bytes.first(bytes.size() / 2));
        throw;
      }
      file_->append(bytes);
    }
    void sync() override {
      files_.hook_("sync", path_);
      file_->sync();
    }
    std::uint64_t size() const override {
      files_.hook_("size", path_);
      return file_->size();
    }

   private:
    const HookedFiles& files_;
    std::unique_ptr<File> file_;
    std::string path_;
  };

  class HookedDirectory final : public Directory {
   public:
    HookedDirectory(const HookedFiles& files, std::unique_ptr<Directory> directory, std::string path)
        : files_(files), directory_(std::move(directory)), path_(std::move(path)) {}

    void sync() override {
      files_.hook_("sync_directory", path_);
      directory_->sync();
    }

   private:
    const HookedFiles& files_;
    std::unique_ptr<Directory> directory_;
    std::string path_;
  };

  Files& files_;
  Hook hook_;
};

// A hook that counts, and fails the operation numbered `fail_at` (from 1) with `error_number`, once or from
// then on. One thread at a time.
class FaultAt {
 public:
  enum class Mode { once, sticky };

  FaultAt(std::size_t fail_at, int error_number, Mode mode)
      : fail_at_(fail_at), error_number_(error_number), mode_(mode) {}

  void operator()(std::string_view operation, std::string_view path) {
    ++count_;
    if (count_ == fail_at_ || (mode_ == Mode::sticky && count_ > fail_at_ && fail_at_ != 0))
      throw system_error("Test fault in " + std::string(operation) + " of " + std::string(path),
                         error_number_);
  }

  std::size_t count() const { return count_; }
  bool reached() const { return fail_at_ != 0 && count_ >= fail_at_; }

 private:
  std::size_t count_ = 0;
  std::size_t fail_at_;
  int error_number_;
  Mode mode_;
};

}  // namespace assay::test
