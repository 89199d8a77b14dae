// SPDX-License-Identifier: Apache-2.0
// Frees the packs' bytes that no live blob needs, beside uploads and reads: FORMAT.md, "Garbage collection",
// whose steps the code is named after.
#pragma once

#include "storage/base/byte_size.h"
#include "storage/blob/maintenance.h"
#include "storage/blob/store_parts.h"

namespace assay {

// Sealed packs below this size are joined when there are this many of them, so that a store of many small
// uploads does not become one of many small files.
inline constexpr std::uint64_t kSmallPack = 16 * kMiB;
inline constexpr std::size_t kManySmallPacks = 16;
// Raw bytes that one collection stores anew without a parent: some ten seconds of it.
inline constexpr std::uint64_t kMaxRebase = 2 * kGiB;

// As Maintenance::collect_garbage; one at a time. Interrupted at any point, by an exception or by a crash, it
// leaves nothing worse than records that nobody needs.
GcReport collect_garbage(StoreParts& parts, const GcRequest& request);

}  // namespace assay
