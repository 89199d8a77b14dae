// SPDX-License-Identifier: Apache-2.0
// What a file is, by its content alone. Every way in which it might be opened is tried, for one file can be several
// things: a pickle in front and a zip archive behind.
#pragma once

#include "registry/content/byte_stream.h"
#include "registry/domain/content.h"

namespace assay {

// Rises when the same file may be judged otherwise than before: what was found by an older one is found anew.
inline constexpr int kContentChecker = 1;

// Bytes read of one file at most. Arrays and tensors are passed over, so a pickle of many gigabytes needs far less.
inline constexpr std::uint64_t kMaxCheckedBytes = std::uint64_t{256} << 20;

// Throws only what the source throws. Reads at most `budget` bytes beside a safetensors head or a zip directory, which it
// holds; other memory: PickleWalk's limits.
FileContent check_content(ByteSource& source, std::uint64_t budget = kMaxCheckedBytes);

}  // namespace assay
