// SPDX-License-Identifier: Apache-2.0
// What a download may be asked for: any part lies within the file, an answer says and sends the same part, and no
// header breaks out of its line. Input, a line each: the size; Range; If-Range; If-None-Match; a digest field; the
// file's name.
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <string>
#include <string_view>

#include "registry/http/ranges.h"
#include "tests/fuzz/harness.h"
#include "tests/fuzz/refusal.h"

namespace assay::http {
namespace {

void require(bool promise) {
  if (!promise) std::abort();
}

struct Asked {
  std::uint64_t size = 0;
  std::string_view range, if_range, if_none_match, digest, name;
};

Asked read_input(std::string_view text) {
  std::array<std::string_view, 6> lines;
  for (std::string_view& line : lines) {
    line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  Asked asked{0, lines[1], lines[2], lines[3], lines[4], lines[5]};
  std::from_chars(lines[0].data(), lines[0].data() + lines[0].size(), asked.size);
  return asked;
}

void check_range(const Asked& asked) {
  const RangeWish wish = parse_range(asked.range, asked.size);
  require(!wish.part || !wish.unsatisfiable);
  if (!wish.part) return;
  const auto [offset, length] = *wish.part;
  require(length > 0 && offset < asked.size && length <= asked.size - offset);
  require(parse_range(fmt::format(" bytes= {}-{}\t", offset, offset + length - 1), asked.size).part == wish.part);
}

void check_digest(std::string_view field) {
  fuzz::taken({Code::invalid_argument}, [&] {
    const auto digest = parse_repr_digest(field);
    if (!digest) return;
    require(parse_repr_digest("md5=:AAAA:, " + repr_digest(*digest)) == digest);
    const std::string etag = '"' + digest->text() + '"';
    require(lists_etag(fmt::format("\"x\" ,\tW/{} ", etag), etag) && !lists_etag("\"x\", W/", etag));
  });
}

Request request_of(const Asked& asked) {
  Request request;
  request.headers.add("range", std::string(asked.range));
  if (!asked.if_range.empty()) request.headers.add("if-range", std::string(asked.if_range));
  if (!asked.if_none_match.empty()) request.headers.add("if-none-match", std::string(asked.if_none_match));
  return request;
}

void check_answer(const Asked& asked) {
  PartOf opened{0, 0};
  const Download download{.digest = Digest::of("it"),
                          .size = asked.size,
                          .media_type = {},
                          .file_name = std::string(asked.name),
                          .open = [&](std::uint64_t offset, std::uint64_t length) -> std::unique_ptr<BodySource> {
                            opened = {offset, length};
                            return nullptr;
                          }};
  const Response response = answer(request_of(asked), download);
  for (const auto& [name, value] : response.headers)
    for (const char c : value) require(c >= 0x20 && c < 0x7F);
  require(opened.length == 0 || opened.length == response.length);
  require(opened.offset <= asked.size && opened.length <= asked.size - opened.offset);
  const std::string* range = response.headers.find("content-range");
  const std::string sent = fmt::format("bytes {}-{}/{}", opened.offset, opened.offset + opened.length - 1, asked.size);
  if (response.status == 206) return require(range != nullptr && *range == sent);
  if (response.status == 416) return require(opened.length == 0 && *range == fmt::format("bytes */{}", asked.size));
  require(range == nullptr && (response.status == 304 || (response.status == 200 && opened.length == asked.size)));
}

}  // namespace
}  // namespace assay::http

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace assay::http;
  const Asked asked = read_input({reinterpret_cast<const char*>(data), size});
  check_range(asked);
  check_digest(asked.digest);
  check_answer(asked);
  return 0;
}
