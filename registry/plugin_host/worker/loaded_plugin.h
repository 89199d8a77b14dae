// SPDX-License-Identifier: Apache-2.0
// The library, loaded into this process and never unloaded: destructors of thread-local and static objects in
// unloaded code are how hosts crash. The end of the process is the unloading.
#pragma once

#include "assay/abi.h"

namespace assay::worker {

using OpenPlugin = assay_status (*)(const assay_host*, const assay_call*, assay_plugin*);

// Loads the library behind kWorkerLibrary (once) and answers its entry point. Throws unsupported with what
// the loader says.
OpenPlugin load_plugin();

// What the plugin is told of its host. Lives for ever.
const assay_host* this_host();

}  // namespace assay::worker
