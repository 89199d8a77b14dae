// SPDX-License-Identifier: Apache-2.0
// The file layer under SQLite, made to end or to fail: at a chosen operation on any file the process ends with SIGKILL, or
// so that the disk looks as after a power cut, or the operation fails. For forked children only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace assay::test {

enum class Death {
  kill,       // what was written stays, the last write by half
  power_cut,  // of what was not synced, some writes are lost and some torn
  lying_disk  // as power_cut, on a disk that says it has synced and has not
};

struct Fault {
  int error_number;     // EMFILE is met by opening alone; EIO and ENOSPC by writing, truncating and syncing too
  bool sticky = false;  // and so does all that could fail with it from then on
};

// All databases that this process opens from now on go through it. Counting starts when they are armed.
void use_killing_vfs(Death death, std::uint64_t seed);
// Dies at operation number `at` from now, counted from 1: a write, sync, truncation or deletion.
void die_at(std::size_t at);
// Dies at once.
[[noreturn]] void die_now();

// Fails at the operation number `at` from now that could fail so. A write that fails has been done by half. After a sync
// that failed the disk may lack what was to be synced for good, whatever a later sync says.
void fail_at(std::size_t at, const Fault& fault);
// Ends failing, and says what had been met.
struct Met {
  bool fault = false;  // the operation was reached
  bool sync = false;   // and one that failed was a sync
};
Met stop_failing();

}  // namespace assay::test
