// SPDX-License-Identifier: Apache-2.0
// Bytes as text: RFC 4648, section 4 with padding, and section 5 without.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace assay {

std::string to_base64(std::string_view bytes);
// Nothing when it is not what to_base64 makes of some bytes. The empty text is of no bytes.
std::optional<std::string> from_base64(std::string_view text);
// With - and _ and no padding, strictly: no other letters, and no bits beyond the last byte.
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace assay
