// SPDX-License-Identifier: Apache-2.0
// The head of a NumPy array file (.npy): whether its elements are numbers and text, or Python objects, which NumPy
// writes as a pickle behind the head.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "registry/domain/content.h"

namespace assay {

struct NumpyHeader {
  FileContent::Answer objects = FileContent::Answer::unknown;
  std::uint64_t data_start = 0;
};

// Nothing unless `start` begins with NumPy's mark. A head that goes on beyond `start`, or that this cannot read, has
// objects `unknown`.
std::optional<NumpyHeader> read_numpy_header(std::span<const std::byte> start);

// Of a head's text, the dictionary literal {'descr': …, …}.
FileContent::Answer has_numpy_objects(std::string_view header);

}  // namespace assay
