// SPDX-License-Identifier: Apache-2.0
// How the end of a page (registry/domain/page.h) is written for the client to hand back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/error.h"

namespace assay {

// A cursor holds the keys of the last row shown, opaque to clients. `list` names the list, so that a cursor
// of another one is refused. Not secret, not signed: whoever decodes one only ever binds its keys to a query.
std::string encode_cursor(std::string_view list, const std::vector<std::string>& keys);
// Throws invalid_argument unless `cursor` is of that list with that many keys.
std::vector<std::string> decode_cursor(std::string_view list, std::string_view cursor, std::size_t key_count);
// A key that is a whole number. Throws invalid_argument.
std::int64_t integer_key(const std::string& key);
// What both throw, for keys of other forms.
Error refuse_cursor();

}  // namespace assay
