// SPDX-License-Identifier: Apache-2.0
// Opens a path that cannot leave the directory it starts from, whatever links somebody planted inside.
#pragma once

#include <sys/types.h>

#include <string_view>

#include "storage/env/unique_fd.h"

namespace assay {

// Opens `path` under the directory `root` with open(2)'s flags; O_CLOEXEC is added. No symbolic link is
// followed at any part. The path's grammar is that of Files. Invalid on failure, with errno set (ELOOP or
// ENOTDIR for a link); throws internal when the path breaks the grammar, since paths come from us and never
// from a caller.
UniqueFd open_beneath(int root, std::string_view path, int flags, mode_t mode = 0);

}  // namespace assay
