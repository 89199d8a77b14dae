// SPDX-License-Identifier: Apache-2.0
// Bytes as text: RFC 4648, section 4, with padding.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace assay {

std::string to_base64(std::string_view bytes);
// Nothing when it is malformed. The empty text is of no bytes.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace assay
