// SPDX-License-Identifier: Apache-2.0
// Judges the raw bytes of a request head before the parser sees them, and refuses whatever two parsers could
// read in two ways: that is how requests are smuggled. Pure functions on untrusted bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/http/limits.h"

namespace assay::http {

struct Refusal {
  int status;
  std::string detail;
};

// The size of the head at the front of `bytes`, with its empty line; 0 when it has not ended yet. The first
// `scanned` bytes are known from an earlier call that returned 0.
std::size_t head_size(std::string_view bytes, std::size_t scanned);

// Refuses at once what cannot become a head any more: a line end without its carriage return, from `scanned`
// on.
std::optional<Refusal> check_part(std::string_view bytes, std::size_t scanned);

// Refuses a whole head (with its empty line) unless: HTTP/1.0 or 1.1; visible ASCII target within its limit;
// every line ends in CRLF and none continues the last (obs-fold); names are tokens right before their colon;
// values hold no control character; no more fields than allowed; exactly one well-formed Host (at most one
// in 1.0) that is in `allowed_hosts` if that is not empty; at most one Content-Length, all digits;
// Transfer-Encoding only `chunked`, once, in 1.1 and without Content-Length.
std::optional<Refusal> check_head(std::string_view head, const Limits& limits,
                                  const std::vector<std::string>& allowed_hosts);

}  // namespace assay::http
