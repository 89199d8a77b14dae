// SPDX-License-Identifier: Apache-2.0
// Which schema a catalogue file has, and how it comes to the newest one.
#pragma once

#include <filesystem>
#include <span>

#include "registry/catalog/migrations.h"
#include "registry/catalog/sqlite_session.h"

namespace assay {

// Throws corrupt when the file is not an Assay catalogue (an empty one is).
void check_identity(Session& session, const std::filesystem::path& path);

// Applies what is missing of `schema`, each step in a transaction of its own. A file that holds data is first
// copied to
// `<path>.before-schema-<n>`, durably. Throws unsupported, changing nothing, when the file is newer than
// `schema`.
void upgrade_schema(Session& session, const std::filesystem::path& path,
                    std::span<const Migration* const> schema);

}  // namespace assay
