// SPDX-License-Identifier: Apache-2.0
// The work that every crash test interrupts, and the promises that it then checks.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "storage/blob/blob_store.h"
#include "storage/blob/store_parts.h"
#include "storage/env/files.h"

namespace assay::test {

// Packs that the blobs below fill, close and split.
inline constexpr PackSizes kSmallPacks{.own = 60'000, .shared = 3'000, .shared_upload = 30'000};

// Blobs that share a pack, more than one holds; the first is empty in round 0; other bytes for another round.
std::vector<std::string> small_blobs(std::uint64_t round);
// One that needs two packs of its own.
std::string large_blob(std::uint64_t round);
// All of the above, the large one in the middle.
std::vector<std::string> mixed_blobs(std::uint64_t round);

// Uploads every blob and then all of them again, once announced and once not. Calls `acknowledged` with a
// blob's index each time an upload of it has returned. Stops at the first error, which it throws.
void upload_all(BlobStore& store, const std::vector<std::string>& blobs,
                const std::function<void(std::size_t)>& acknowledged);

// What is broken in the store in `files`, opened as after a crash; empty when every promise holds: what was
// acknowledged is there, the rest is there whole or not at all, nothing is left over, and uploads work.
std::string broken_promise(Files& files, const std::vector<std::string>& blobs,
                           const std::vector<bool>& acknowledged);

}  // namespace assay::test
