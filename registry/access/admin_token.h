// SPDX-License-Identifier: Apache-2.0
// The admin's token: made when the registry has none, left in a file that only its owner reads.
#pragma once

#include <filesystem>

namespace assay {

class Clock;
class Database;
class Entropy;

// When no token exists yet, writes a new one that may do everything to `path` (mode 0600, replacing what is
// there) and then into the catalogue, both durable on return. Returns whether it made one.
bool ensure_admin_token(Database& database, const Clock& clock, Entropy& entropy,
                        const std::filesystem::path& path);

// The same whatever tokens there are, which stay valid: for a registry whose admin token is gone.
void make_admin_token(Database& database, const Clock& clock, Entropy& entropy,
                      const std::filesystem::path& path);

}  // namespace assay
