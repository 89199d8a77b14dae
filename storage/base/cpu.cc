// SPDX-License-Identifier: Apache-2.0
#include "storage/base/cpu.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace assay {

#if defined(__x86_64__)
namespace {

// Asked of cpuid itself: compilers differ in the names that __builtin_cpu_supports knows.
bool has_sha() {
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (ebx >> 29 & 1) != 0;
}

bool is_amd() {
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  return __get_cpuid(0, &eax, &ebx, &ecx, &edx) != 0 && ebx == signature_AMD_ebx &&
         edx == signature_AMD_edx && ecx == signature_AMD_ecx;
}

Cpu detect() {
  __builtin_cpu_init();
  Cpu cpu;
  cpu.sha = has_sha() && __builtin_cpu_supports("ssse3") && __builtin_cpu_supports("sse4.1");
  cpu.sha_pairs = cpu.sha && is_amd();
  cpu.avx2 =
      __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
  cpu.avx512 = cpu.avx2 && __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("avx512f") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd") &&
               __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2");
  return cpu;
}

}  // namespace

Cpu Cpu::here() {
  static const Cpu cpu = detect();
  return cpu;
}
#else
Cpu Cpu::here() {
  return {};
}
#endif

}  // namespace assay
