// SPDX-License-Identifier: Apache-2.0
// A small file of secrets or of what must not be forgotten: whole or not there, for its owner's eyes only.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace assay {

// Makes `path` hold `bytes`, mode 0600, replacing what is there at once; durable on return. The directory must exist.
// One writer of a path at a time: what another left of `<path>.tmp` is thrown away. Throws as system_error.
void write_private_file(const std::filesystem::path& path, std::string_view bytes);

// What `path` holds, or nothing when there is no such file. Throws too_large beyond kMaxPrivateBytes, else as
// system_error.
inline constexpr std::size_t kMaxPrivateBytes = 1 << 20;
std::optional<std::string> read_private_file(const std::filesystem::path& path);

}  // namespace assay
