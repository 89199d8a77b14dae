// SPDX-License-Identifier: Apache-2.0
// Moves one file's bytes to or from the registry, every byte hashed on the way.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "registry/client/session.h"
#include "storage/base/digest.h"

namespace assay::client {

// Told after each piece: bytes of this file moved so far, and how many there are.
using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

struct LocalFile {
  std::filesystem::path path;
  Digest digest;
  std::uint64_t size = 0;
};

// Reads the whole file. Throws not_found or denied naming it, invalid_argument when it is not a regular file.
LocalFile hash_file(const std::filesystem::path& path);

// Sends `file` as the blob of its digest; on return the registry holds it durably. Sends all bytes whether or
// not the registry knows them. Throws corrupt when the file changed since it was hashed, else as
// Session::call.
void upload(Session& session, const LocalFile& file, const Progress& progress);

struct Wanted {
  std::string target;  // of the API
  Digest digest;
  std::uint64_t size = 0;
};

enum class Fetched { downloaded, already_there };

// Makes `path` hold exactly the wanted bytes, creating its parent directories. Bytes go to a hidden `.part`
// file beside it, which is renamed only when size and digest agree, so `path` is never partial; a broken
// connection is resumed where it stopped, and a `.part` left by an earlier attempt is taken up after being
// hashed. A file that already holds the bytes is left alone. Throws corrupt when what came differs from the
// digest (nothing is kept), conflict when another process is fetching the same file, else as Session::call.
Fetched download(Session& session, const Wanted& wanted, const std::filesystem::path& path,
                 const Progress& progress);

}  // namespace assay::client
