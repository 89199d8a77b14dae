// SPDX-License-Identifier: Apache-2.0
// Moves one file's bytes to or from the registry, every byte hashed on the way.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/client/local_file.h"
#include "registry/client/session.h"
#include "storage/base/digest.h"
#include "storage/blob/blob_store.h"

namespace assay::client {

// Told after each piece: bytes of this file moved so far, and how many there are.
using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

// A smaller file goes up with one request: asking what the registry has would cost as much as sending it.
inline constexpr std::uint64_t kSentWhole = 64 * 1024;

struct Sent {
  std::uint64_t travelled = 0;  // bytes of the file, those that were sent again included
  bool known = false;           // the registry had it, and this caller may read it
};

// Makes the registry hold `file` durably as the blob of its digest. Only bytes travel that none of `parents`
// has (stored blobs that it resembles; those that the caller may not read do not help), and a connection that
// breaks is taken up where it broke. Throws corrupt when the file changed since it was hashed, else as
// Session::call.
Sent upload(Session& session, const LocalFile& file, const std::vector<Digest>& parents,
            const Progress& progress);

// Sends all of `file`, whatever the registry has of it, and has it read what is stored of it: damaged or
// missing bytes are replaced. Throws as upload().
Sent resend(Session& session, const LocalFile& file, const Progress& progress);
// The same of bytes at hand.
void resend(Session& session, const std::string& bytes);

struct Wanted {
  Digest digest;
  std::uint64_t size = 0;
};

// Blobs on this machine, borrowed: what they have need not travel. Both may be left out.
struct Nearby {
  const BlobStore* store = nullptr;
  std::vector<Digest> alike = {};  // in the store, and probably like the wanted one; the likeliest first
};

struct Fetched {
  bool was_there = false;       // the file held these bytes already
  std::uint64_t travelled = 0;  // bytes of the file that came from the registry now
};

// Makes `path` hold exactly the wanted bytes, creating its parent directories. They are asked for by digest:
// whoever may read a version may read its blobs. Bytes go to a hidden `.part` file beside `path`, which is
// renamed only when size and digest agree, so `path` is never partial; a broken connection is resumed where
// it stopped, and a `.part` left by an earlier attempt is taken up after being hashed. A file that already
// holds the bytes is left alone. Throws corrupt when what came differs from the digest (nothing is kept),
// conflict when another process is fetching the same file, else as Session::call.
Fetched download(Session& session, const Wanted& wanted, const std::filesystem::path& path,
                 const Nearby& nearby, const Progress& progress);

}  // namespace assay::client
