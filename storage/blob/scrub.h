// SPDX-License-Identifier: Apache-2.0
// Reads every record and compares it with its sums, pack by pack, beside uploads, reads and collections.
#pragma once

#include <chrono>

#include "storage/blob/maintenance.h"
#include "storage/blob/store_parts.h"

namespace assay {

// As Maintenance::scrub. The cursor is a pack's name and an offset in it: the first record that was not read.
ScrubReport scrub(StoreParts& parts, const ScrubRequest& request);

// How long to wait after having read `bytes` in `elapsed`, in order not to read faster than so many a second;
// 0 a second is no limit.
std::chrono::milliseconds rate_delay(std::uint64_t bytes, std::uint64_t bytes_per_second,
                                     std::chrono::milliseconds elapsed);

}  // namespace assay
