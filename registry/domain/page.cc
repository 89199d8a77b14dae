// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/page.h"

#include <charconv>

#include "storage/base/error.h"

namespace assay {

PageRequest PageRequest::parse(std::optional<std::string> cursor, std::optional<std::string_view> limit) {
  PageRequest page{std::move(cursor)};
  if (!limit) return page;
  const auto [end, status] = std::from_chars(limit->data(), limit->data() + limit->size(), page.limit);
  if (status != std::errc() || end != limit->data() + limit->size() || page.limit < 1 ||
      page.limit > kMaxLimit)
    throw Error(Code::invalid_argument,
                "limit must be a whole number from 1 to " + std::to_string(kMaxLimit));
  return page;
}

}  // namespace assay
