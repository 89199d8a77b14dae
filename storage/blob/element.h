// SPDX-License-Identifier: Apache-2.0
// What a chunk is made of, as far as compression cares. CODECS.md, "Elements".
#pragma once

#include <cstddef>
#include <cstdint>

namespace assay {

// Little-endian IEEE 754 floats, bf16 being the upper half of an f32; anything else is bytes. Numbers are in
// files: never reuse one.
enum class Element : std::uint8_t { bytes = 0, f16 = 1, bf16 = 2, f32 = 3, f64 = 4 };

inline constexpr std::size_t kMaxElementWidth = 8;

// Bytes of one element.
constexpr std::size_t width(Element element) {
  switch (element) {
    case Element::bytes:
      return 1;
    case Element::f16:
    case Element::bf16:
      return 2;
    case Element::f32:
      return 4;
    case Element::f64:
      return 8;
  }
  return 1;
}

constexpr bool is_float(Element element) {
  return element >= Element::f16 && element <= Element::f64;
}

}  // namespace assay
