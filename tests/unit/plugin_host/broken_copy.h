// SPDX-License-Identifier: Apache-2.0
// Copies of plugins/broken.cc as built, each told to break a promise.
#pragma once

#include <filesystem>
#include <string>

namespace assay::test {

// Writes a copy of `library` with `text` at the start of `section`; names of broken promises go to ".assay.breaks".
void write_broken(const std::filesystem::path& library, const std::string& section, std::string text,
                  const std::filesystem::path& to);

}  // namespace assay::test
