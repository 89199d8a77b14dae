// SPDX-License-Identifier: Apache-2.0
// The work that every crash test interrupts, and the promises that it then checks.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "storage/blob/blob_store.h"
#include "storage/env/files.h"

namespace assay::test {

// Blobs to upload: two small ones, the first of them empty in round 0; other bytes for another round.
std::vector<std::string> small_blobs(std::uint64_t round);
// One of two blocks, whose upload takes every kind of file operation.
std::string two_block_blob(std::uint64_t round);

// Uploads every blob and then all of them again, once announced and once not. Calls `acknowledged` with a
// blob's index each time an upload of it has returned. Stops at the first error, which it throws.
void upload_all(BlobStore& store, const std::vector<std::string>& blobs,
                const std::function<void(std::size_t)>& acknowledged);

// What is broken in the store in `files`, opened as after a crash; empty when every promise holds: what was
// acknowledged is there, the rest is there whole or not at all, nothing is left over, and uploads work.
std::string broken_promise(Files& files, const std::vector<std::string>& blobs,
                           const std::vector<bool>& acknowledged);

}  // namespace assay::test
