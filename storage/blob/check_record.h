// SPDX-License-Identifier: Apache-2.0
// Reads one record and compares it with everything that vouches for it.
#pragma once

#include <string>
#include <vector>

#include "storage/blob/chunk_source.h"

namespace assay {

enum class RecordState {
  sound,
  damaged,      // its own bytes are not what they were
  undecodable,  // its bytes are, but a chunk that it is stored against is damaged or missing
};

struct RecordCheck {
  RecordState state = RecordState::sound;
  std::string what;  // a bare clause, when not sound
};

// Of exactly this copy. `raw` is scratch space. Throws only what is not about the bytes, such as unavailable.
RecordCheck check_record(PackIndex& index, ChunkSource& source, const Found& found,
                         std::vector<std::byte>& raw);

}  // namespace assay
