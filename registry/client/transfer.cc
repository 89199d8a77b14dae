// SPDX-License-Identifier: Apache-2.0
// The upload half; download.cc holds the other.
#include "registry/client/transfer.h"

#include <array>
#include <cerrno>
#include <fstream>

#include "registry/client/endpoint.h"
#include "storage/base/sha256.h"

namespace assay::client {
namespace {

std::ifstream open_file(const std::filesystem::path& path) {
  std::error_code failed;
  const auto status = std::filesystem::status(path, failed);
  if (status.type() == std::filesystem::file_type::not_found)
    throw Error(Code::not_found, "there is no file " + path.string());
  if (failed) throw system_error("reading " + path.string(), failed.value());
  if (!std::filesystem::is_regular_file(status))
    throw Error(Code::invalid_argument, path.string() + " is not a regular file");
  std::ifstream in(path, std::ios::binary);
  if (!in) throw system_error("opening " + path.string(), errno);
  return in;
}

}  // namespace

LocalFile hash_file(const std::filesystem::path& path) {
  std::ifstream in = open_file(path);
  Sha256 hash;
  std::uint64_t size = 0;
  std::array<char, 256 * 1024> buffer;
  while (in.read(buffer.data(), buffer.size()) || in.gcount() > 0) {
    const auto got = static_cast<std::size_t>(in.gcount());
    hash.update(std::as_bytes(std::span(buffer).first(got)));
    size += got;
  }
  if (in.bad()) throw system_error("reading " + path.string(), errno);
  return {path, hash.finish(), size};
}

void upload(Session& session, const LocalFile& file, const Progress& progress) {
  std::ifstream in = open_file(file.path);
  Call call;
  call.method = "PUT";
  call.target = "/api/v1/blobs/" + file.digest.text();
  call.content_type = "application/octet-stream";
  call.body_size = file.size;
  bool ended_early = false;
  call.body_source = [&](std::uint64_t offset, std::span<char> into) -> std::size_t {
    in.clear();
    in.seekg(static_cast<std::streamoff>(offset));
    in.read(into.data(), static_cast<std::streamsize>(into.size()));
    const auto got = static_cast<std::size_t>(in.gcount());
    ended_early = got == 0;
    if (progress && got > 0) progress(offset + got, file.size);
    return got;
  };
  const auto changed = [&] {
    return Error(
        Code::corrupt,
        file.path.string() + " changed while it was being uploaded: nothing was stored; push it again");
  };
  try {
    session.call(call, "uploading " + file.path.string());
  } catch (const Error& error) {
    // What a server says of other bytes than those that were hashed is no news.
    if (ended_early || (error.code() == Code::invalid_argument && hash_file(file.path).digest != file.digest))
      throw changed();
    throw;
  }
}

}  // namespace assay::client
