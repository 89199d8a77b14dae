// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/fsck.h"

#include <string>

#include "storage/base/error.h"
#include "storage/blob/blob_file.h"
#include "storage/blob/local_layout.h"

namespace assay {
namespace {

class Check {
 public:
  Check(const Files& files, const FsckOptions& options) : files_(files), options_(options) {}

  FsckReport run() {
    check_top();
    for (unsigned byte = 0; byte < 256; ++byte) check_shard(byte);
    for (const Digest& digest : options_.required) check_present(digest);
    return std::move(report_);
  }

 private:
  void problem(std::optional<Digest> digest, std::string path, std::string what) {
    report_.problems.push_back({digest, std::move(path), std::move(what)});
  }

  void stray(const std::string& path) { problem({}, path, "This does not belong to the store."); }

  // The entries of a directory; one that is missing is a problem and has none.
  std::vector<FileEntry> entries(const std::string& path) {
    try {
      return files_.list(path);
    } catch (const Error& error) {
      if (error.code() != Code::not_found) throw;
      problem({}, path, "The directory is missing.");
      return {};
    }
  }

  void check_top() {
    bool has_format = false;
    for (const FileEntry& entry : entries("")) {
      if (entry.name == layout::kFormatFile)
        has_format = true;
      else if (entry.name != layout::kBlobs && entry.name != layout::kTemps)
        stray(entry.name);
    }
    if (has_format)
      check_format();
    else
      problem({}, std::string(layout::kFormatFile), "The file is missing.");
    for (const FileEntry& entry : entries(std::string(layout::kTemps))) {
      if (entry.kind == FileEntry::Kind::file)
        ++report_.unfinished;
      else
        stray(layout::temp(entry.name));
    }
    for (const FileEntry& entry : entries(std::string(layout::kBlobs)))
      if (!is_shard(entry)) stray(std::string(layout::kBlobs) + "/" + entry.name);
  }

  static bool is_shard(const FileEntry& entry) {
    return entry.kind == FileEntry::Kind::directory && entry.name.size() == 2 &&
           entry.name.find_first_not_of("0123456789abcdef") == std::string::npos;
  }

  void check_format() {
    std::string text(64, '\0');
    try {
      text.resize(files_.open(layout::kFormatFile)->read_at(0, std::as_writable_bytes(std::span(text))));
    } catch (const Error& error) {
      return problem({}, std::string(layout::kFormatFile), error.message());
    }
    if (text != layout::kFormatText)
      problem({}, std::string(layout::kFormatFile),
              "The file names a format that this version of assay does not know.");
  }

  void check_shard(unsigned byte) {
    const std::string shard = layout::shard(byte);
    for (const FileEntry& entry : entries(shard)) {
      const auto digest = layout::digest_of(byte, entry.name);
      if (digest && entry.kind == FileEntry::Kind::file)
        check_blob(*digest);
      else
        stray(shard + "/" + entry.name);
    }
  }

  void check_blob(const Digest& digest) {
    try {
      BlobFile file(files_.open(layout::blob(digest)), digest);
      file.check();
      ++report_.blobs;
      report_.raw_bytes += file.info().size;
      report_.stored_bytes += file.info().stored_size;
    } catch (const Error& error) {
      if (error.code() == Code::corrupt)
        problem(digest, layout::blob(digest), "The blob is damaged: " + error.message() + ".");
      else
        problem(digest, layout::blob(digest), "The blob cannot be read: " + error.message() + ".");
    }
    if (options_.progress) options_.progress(report_);
  }

  void check_present(const Digest& digest) {
    try {
      files_.open(layout::blob(digest));
    } catch (const Error& error) {
      // Whatever else is wrong with it has been reported above.
      if (error.code() == Code::not_found)
        problem(digest, "", "The blob is missing though a version needs it.");
    }
  }

  const Files& files_;
  const FsckOptions& options_;
  FsckReport report_;
};

}  // namespace

FsckReport fsck(const Files& files, const FsckOptions& options) {
  return Check(files, options).run();
}

FsckReport fsck(const std::filesystem::path& directory, const FsckOptions& options) {
  return fsck(*open_existing_files(directory), options);
}

}  // namespace assay
