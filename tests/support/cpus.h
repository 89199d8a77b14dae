// SPDX-License-Identifier: Apache-2.0
// The sets of instructions that kernels are tried with: the results must be the same.
#pragma once

#include <vector>

#include "storage/base/cpu.h"

namespace assay::test {

// None, then what this machine has, without its widest vectors and with them.
inline std::vector<Cpu> every_cpu() {
  Cpu narrow = Cpu::here();
  narrow.avx512 = false;
  return {Cpu{}, narrow, Cpu::here()};
}

}  // namespace assay::test
