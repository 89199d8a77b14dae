// SPDX-License-Identifier: Apache-2.0
// A file of its own, so that a new number recompiles nothing else.
#include "registry/daemon/version.h"

namespace assay::daemon {

const char* program_version() {
  return ASSAY_VERSION;
}

}  // namespace assay::daemon
