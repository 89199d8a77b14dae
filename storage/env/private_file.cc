// SPDX-License-Identifier: Apache-2.0
#include "storage/env/private_file.h"

#include <span>

#include "storage/base/error.h"
#include "storage/env/files.h"

namespace assay {
namespace {

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

}  // namespace

void write_private_file(const std::filesystem::path& path, std::string_view bytes) {
  const std::filesystem::path folder = folder_of(path);
  const std::string temp = path.filename().string() + ".tmp";
  const auto files = open_existing_files(folder);
  if (std::filesystem::exists(folder / temp)) files->remove(temp);
  const auto file = files->create(temp);
  file->append(std::as_bytes(std::span(bytes)));
  file->sync();
  const auto directory = files->open_directory("");
  std::error_code failed;
  std::filesystem::rename(folder / temp, path, failed);
  if (failed) throw system_error("Replacing " + path.string(), failed.value());
  directory->sync();
}

std::optional<std::string> read_private_file(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return std::nullopt;
  const auto file = open_existing_files(folder_of(path))->open(path.filename().string());
  if (file->size() > kMaxPrivateBytes)
    throw Error(Code::too_large, path.string() + " is too large to be what its name says");
  std::string bytes(static_cast<std::size_t>(file->size()), '\0');
  bytes.resize(file->read_at(0, std::as_writable_bytes(std::span(bytes))));
  return bytes;
}

}  // namespace assay
