// SPDX-License-Identifier: Apache-2.0
// A finite double as an unsigned integer of the same order. Integers can be binned by dropping low bits,
// which makes bins that nest: what two states counted at different widths can still be added exactly.
#pragma once

#include <cstdint>

#include "assay/numbers.hpp"

namespace assay::drift {

using Key = std::uint64_t;

inline Key key_of(double value) {
  return sdk::ordered_bits(value);
}
inline double value_of(Key key) {
  return sdk::from_ordered_bits(key);
}

// The lowest and the highest key of the bin that `key` falls in when `dropped_bits` low bits are ignored.
inline Key bin_low(Key key, int dropped_bits) {
  return key >> dropped_bits << dropped_bits;
}
inline Key bin_high(Key key, int dropped_bits) {
  return key | ((Key{1} << dropped_bits) - 1);
}

}  // namespace assay::drift
