// SPDX-License-Identifier: Apache-2.0
// Copies a file's first bytes, hashing them on the way, so that the copy has its name only when it is
// durable.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "storage/base/digest.h"

namespace assay::daemon {

// Of the first `size` bytes; the copy replaces what is at `to`. `copied` is told of each piece. The name is
// durable once its directory is synced. Throws corrupt when `from` is shorter, else as system_error.
Digest copy_file(const std::filesystem::path& from, const std::filesystem::path& to, std::uint64_t size,
                 const std::function<void(std::uint64_t bytes)>& copied);

// Of the first `size` bytes. Throws as copy_file.
Digest digest_file(const std::filesystem::path& path, std::uint64_t size);

// Whether the last bytes before `size` are the same in both, which must be that long.
bool same_tail(const std::filesystem::path& one, const std::filesystem::path& other, std::uint64_t size);

void sync_directory(const std::filesystem::path& directory);

}  // namespace assay::daemon
