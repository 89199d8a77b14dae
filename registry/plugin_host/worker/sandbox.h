// SPDX-License-Identifier: Apache-2.0
// Everything that a worker gives up before the first byte of a plugin runs. This is the one place for it:
// stricter measures (resource limits, namespaces, Landlock, seccomp) belong here.
#pragma once

namespace assay::worker {

// Closes what was inherited beyond the worker's own files, forbids gaining privileges and leaving core files.
// Throws Error.
void enter_sandbox();

// Ends this process when the host's end of `socket` is gone, even while a plugin never returns. A thread of
// its own, because the kernel's parent-death signal is tied to the host's *thread* that started us, which may
// end long before the host.
void follow_host(int socket);

}  // namespace assay::worker
