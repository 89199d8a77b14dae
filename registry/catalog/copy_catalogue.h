// SPDX-License-Identifier: Apache-2.0
// A copy of the catalogue as it is at one moment, while others read and write it.
#pragma once

#include <filesystem>

#include "registry/catalog/sqlite_session.h"

namespace assay {

// Writes the copy to `to`, mode 0600; durable on return but for its name. Throws already_exists when the file
// is there, full or unavailable when it cannot be written.
void copy_catalogue(Session& session, const std::filesystem::path& to);
// The same of the file at `path`, read by a connection of its own that changes nothing. Throws not_found.
void copy_catalogue(const std::filesystem::path& path, const std::filesystem::path& to);

}  // namespace assay
