// SPDX-License-Identifier: Apache-2.0
#include "registry/cli/collect_files.h"

#include <algorithm>

#include "storage/base/error.h"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;

void add_file(const fs::path& path, const std::string& name, std::vector<CollectedFile>& out) {
  // The grammar first: it is cheaper than reading the file.
  FilePath file_path = FilePath::parse(name);
  out.push_back({std::move(file_path), client::hash_file(path)});
}

void add_directory(const fs::path& root, std::vector<CollectedFile>& out) {
  std::error_code failed;
  fs::recursive_directory_iterator entry(root, failed);
  for (; !failed && entry != fs::recursive_directory_iterator(); entry.increment(failed)) {
    const fs::file_status status = entry->symlink_status();
    if (fs::is_directory(status)) continue;
    if (!fs::is_regular_file(status))
      throw Error(Code::invalid_argument,
                  entry->path().string() + " is a link or a special file: a version holds plain files only");
    add_file(entry->path(), entry->path().lexically_relative(root).generic_string(), out);
  }
  if (failed) throw system_error("reading " + root.string(), failed.value());
}

}  // namespace

std::vector<CollectedFile> collect_files(const std::vector<std::string>& arguments) {
  std::vector<CollectedFile> out;
  for (const std::string& argument : arguments) {
    const fs::path path(argument);
    if (fs::is_directory(path))
      add_directory(path, out);
    else
      add_file(path, path.filename().string(), out);
    if (out.size() > kMaxFiles)
      throw Error(Code::too_large, argument + " brings more than " + std::to_string(kMaxFiles) +
                                       " files: pack some of them into an archive");
  }
  std::sort(out.begin(), out.end(),
            [](const auto& left, const auto& right) { return left.path < right.path; });
  const auto twice = std::adjacent_find(
      out.begin(), out.end(), [](const auto& left, const auto& right) { return left.path == right.path; });
  if (twice != out.end())
    throw Error(Code::invalid_argument,
                "two of the files would both be " + twice->path.text() + ": rename one");
  if (out.empty()) throw Error(Code::invalid_argument, "there are no files to push");
  return out;
}

std::vector<VersionFile> version_files(const std::vector<CollectedFile>& files) {
  std::vector<VersionFile> out;
  for (const CollectedFile& file : files) out.push_back({file.path, file.file.digest, file.file.size, ""});
  return out;
}

}  // namespace assay::cli
