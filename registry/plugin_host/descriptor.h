// SPDX-License-Identifier: Apache-2.0
// What a plugin says of itself, read from the section .assay.manifest of its library without running any of
// it.
#pragma once

#include <string>
#include <string_view>

#include "registry/compute/ports.h"

namespace assay {

inline constexpr std::string_view kDescriptorSection = ".assay.manifest";
inline constexpr std::size_t kMaxDescriptorBytes = 1 << 20;

// The descriptor of the library whose bytes are `library`. Throws as ElfFile does; invalid_argument when it
// is not a plugin (no section) or its descriptor is malformed, naming the member; unsupported when it needs a
// newer host or speaks another major of the ABI, saying which.
PluginInfo read_descriptor(std::string_view library, const Digest& digest, std::string origin);

// The same from the JSON alone.
PluginInfo parse_descriptor(std::string_view json, const Digest& digest, std::string origin);

}  // namespace assay
