// SPDX-License-Identifier: Apache-2.0
// What zlib, gzip or a zip archive packed, unpacked as it is read. A stream that breaks ends there.
#pragma once

#include <memory>

#include "registry/content/byte_stream.h"

namespace assay {

enum class Packing {
  zlib_or_gzip,  // told apart by their first bytes
  deflate,       // the same without a frame, as in zip archives
};

// Takes what it reads of `packed`, and what it unpacks while it passes over bytes, from the budget, which it borrows.
std::unique_ptr<ByteStream> inflate(std::unique_ptr<ByteStream> packed, Packing packing, ReadBudget& budget);

}  // namespace assay
