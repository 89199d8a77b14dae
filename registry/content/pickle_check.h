// SPDX-License-Identifier: Apache-2.0
// Whether a stream of bytes is a pickle, or several in a row as torch and Python programs write them, and whether it is
// plain.
#pragma once

#include "registry/content/byte_stream.h"
#include "registry/domain/content.h"

namespace assay {

inline constexpr int kMaxPickles = 1024;  // in a row; old torch files have five

// `format` is "pickle" or "unknown".
FileContent check_pickle(ByteStream& stream, ReadBudget& budget);

}  // namespace assay
