// SPDX-License-Identifier: Apache-2.0
// Which instructions beyond the compiler's baseline a kernel may use. Every kernel has a portable path with
// identical results; tests force it with Cpu{}.
#pragma once

namespace assay {

struct Cpu {
  bool sha = false;        // SHA-NI with SSSE3 and SSE4.1
  bool sha_pairs = false;  // two messages at once take hardly longer than one (AMD: 1.1 times; Intel: 1.5)
  bool avx2 = false;       // AVX2 with BMI1 and BMI2
  bool avx512 = false;     // AVX-512 F, BW, DQ, VL, CD, VBMI, VBMI2, with BMI1, BMI2 and POPCNT

  // What this machine and its operating system have.
  static Cpu here();
};

}  // namespace assay
