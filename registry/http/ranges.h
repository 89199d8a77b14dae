// SPDX-License-Identifier: Apache-2.0
// Downloads: validators (ETag), conditional requests, one byte range, and the digest of what is sent (RFC
// 9110, 9530). The one place that knows these rules; a handler only says what there is to download.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "registry/http/message.h"
#include "storage/base/digest.h"

namespace assay::http {

struct Download {
  Digest digest;
  std::uint64_t size = 0;
  std::string media_type;
  std::string file_name;   // offered to whoever saves it
  bool immutable = false;  // the URL will always mean these bytes
  // Gives `length` bytes from `offset`; called at most once, and never for HEAD or an answer without a body.
  std::function<std::unique_ptr<BodySource>(std::uint64_t offset, std::uint64_t length)> open;
};

// 200, 206, 304, 412 or 416, as the request's conditions and Range say.
Response answer(const Request& request, const Download& download);

struct PartOf {
  std::uint64_t offset;
  std::uint64_t length;
  bool operator==(const PartOf&) const = default;
};

// What a Range field asks of `size` bytes. `part` is empty when the field is to be ignored (another unit,
// malformed, several ranges), and `unsatisfiable` says that it lies wholly outside.
struct RangeWish {
  std::optional<PartOf> part;
  bool unsatisfiable = false;
};
RangeWish parse_range(std::string_view field, std::uint64_t size);

// Whether one of a list of entity tags (or `*`) is `etag`, which stands in its quotes. A weak tag is the same
// here.
bool lists_etag(std::string_view field, std::string_view etag);

std::string repr_digest(const Digest& digest);  // sha-256=:…:
// The sha-256 of a Repr-Digest or Content-Digest field, if it has one. Throws invalid_argument when it is
// malformed.
std::optional<Digest> parse_repr_digest(std::string_view field);

}  // namespace assay::http
