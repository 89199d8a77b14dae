// SPDX-License-Identifier: Apache-2.0
// Where a registry answers, and how text becomes part of a URL there.
#pragma once

#include <string>
#include <string_view>

namespace assay::client {

class Endpoint {
 public:
  // Takes `http://host[:port]` or `https://host[:port]`, with at most a final `/`. Throws invalid_argument
  // for anything else, credentials and paths included: a token belongs in ASSAY_TOKEN, never in a URL.
  static Endpoint parse(std::string_view url);

  const std::string& text() const { return text_; }  // without the final '/'

 private:
  explicit Endpoint(std::string text) : text_(std::move(text)) {}

  std::string text_;
};

// `text` as one path segment or query value (RFC 3986: everything but unreserved characters and ':' is
// escaped).
std::string encode_segment(std::string_view text);

}  // namespace assay::client
