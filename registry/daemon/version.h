// SPDX-License-Identifier: Apache-2.0
// The release that this program is built as.
#pragma once

namespace assay::daemon {

const char* program_version();  // "0.1.0"

}  // namespace assay::daemon
