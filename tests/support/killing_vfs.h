// SPDX-License-Identifier: Apache-2.0
// The file layer under SQLite, made to die: the process ends with SIGKILL at a chosen write, sync, truncation or
// deletion of any file, or so that the disk looks as after a power cut. For forked children only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace assay::test {

enum class Death {
  kill,       // what was written stays, the last write by half
  power_cut,  // of what was not synced, some writes are lost and some torn
  lying_disk  // as power_cut, on a disk that says it has synced and has not
};

// All databases that this process opens from now on go through it. Counting starts when they are armed.
void use_killing_vfs(Death death, std::uint64_t seed);
// Dies at operation number `at` from now, counted from 1.
void die_at(std::size_t at);

}  // namespace assay::test
