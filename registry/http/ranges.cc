// SPDX-License-Identifier: Apache-2.0
#include "registry/http/ranges.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "registry/http/problem.h"
#include "storage/base/base64.h"
#include "storage/base/error.h"

namespace assay::http {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// All of `text` as a number; nothing when it is none or does not fit.
std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Digest> digest_from_base64(std::string_view text) {
  std::string padded(text);  // which a client may have left out
  padded.append((4 - padded.size() % 4) % 4, '=');
  const auto decoded = from_base64(padded);
  Digest::Bytes bytes{};
  if (!decoded || decoded->size() != bytes.size()) return std::nullopt;
  std::copy(decoded->begin(), decoded->end(), bytes.begin());
  return Digest(bytes);
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_';
    if (plain)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

// RFC 6266: a plain name for old clients, the exact one beside it.
std::string attachment(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  std::string plain(name);
  for (char& c : plain)
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7F || c == '"' ||
        c == '\\' || c == '%')
      c = '_';
  std::string field = fmt::format("attachment; filename=\"{}\"", plain);
  if (plain != name) field += fmt::format("; filename*=UTF-8''{}", percent_encoded(name));
  return field;
}

// If-Range holds when it is the same strong tag; a date or a weak tag never does, and then all of it is sent.
bool range_applies(const Request& request, std::string_view etag) {
  const std::string* condition = request.headers.find("if-range");
  return request.method == Method::get && (!condition || trim(*condition) == etag);
}

}  // namespace

Response answer(const Request& request, const Download& download) {
  const std::string etag = '"' + download.digest.text() + '"';
  Response response;
  response.headers.set("ETag", etag);
  response.headers.set("Cache-Control",
                       download.immutable ? "private, max-age=31536000, immutable" : "private, no-cache");
  if (const std::string* match = request.headers.find("if-match"); match && !lists_etag(*match, etag))
    throw Error(Code::conflict, "If-Match names other bytes than these, whose ETag is " + etag);
  if (const std::string* none = request.headers.find("if-none-match"); none && lists_etag(*none, etag)) {
    response.status = 304;
    return response;
  }
  response.headers.set("Content-Type",
                       download.media_type.empty() ? "application/octet-stream" : download.media_type);
  response.headers.set("Content-Disposition", attachment(download.file_name));
  response.headers.set("Accept-Ranges", "bytes");
  response.headers.set("Repr-Digest", repr_digest(download.digest));
  PartOf part{0, download.size};
  if (const std::string* field = request.headers.find("range"); field && range_applies(request, etag)) {
    const RangeWish wish = parse_range(*field, download.size);
    if (wish.unsatisfiable) {
      Problem problem =
          problem_of(416, fmt::format("the range starts past the end; there are {} bytes", download.size));
      response = render(problem, request.target.path, request.id);
      response.headers.set("Content-Range", fmt::format("bytes */{}", download.size));
      return response;
    }
    if (wish.part) {
      part = *wish.part;
      response.status = 206;
      response.headers.set("Content-Range", fmt::format("bytes {}-{}/{}", part.offset,
                                                        part.offset + part.length - 1, download.size));
    }
  }
  response.length = part.length;
  if (request.method != Method::head && part.length > 0)
    response.source = download.open(part.offset, part.length);
  return response;
}

RangeWish parse_range(std::string_view field, std::uint64_t size) {
  field = trim(field);
  if (!field.starts_with("bytes=")) return {};
  field = trim(field.substr(6));
  const std::size_t dash = field.find('-');
  // Several ranges would need multipart answers; RFC 9110 lets a server send everything instead.
  if (dash == std::string_view::npos || field.find(',') != std::string_view::npos) return {};
  const std::string_view first_text = field.substr(0, dash);
  const std::string_view last_text = field.substr(dash + 1);
  const std::optional<std::uint64_t> first = number(first_text);
  const std::optional<std::uint64_t> last = number(last_text);
  if (first_text.empty()) {  // the last so many bytes
    if (!last) return {};
    const std::uint64_t length = std::min(*last, size);
    if (length == 0) return {std::nullopt, true};
    return {PartOf{size - length, length}, false};
  }
  if (!first || (!last && !last_text.empty()) || (last && *last < *first)) return {};
  if (*first >= size) return {std::nullopt, true};
  const std::uint64_t end = last ? std::min(*last, size - 1) : size - 1;
  return {PartOf{*first, end - *first + 1}, false};
}

bool lists_etag(std::string_view field, std::string_view etag) {
  for (;;) {
    const std::size_t comma = field.find(',');
    std::string_view tag = trim(field.substr(0, comma));
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag == etag || tag == "*") return true;
    if (comma == std::string_view::npos) return false;
    field.remove_prefix(comma + 1);
  }
}

std::string repr_digest(const Digest& digest) {
  const Digest::Bytes& bytes = digest.bytes();
  return "sha-256=:" + to_base64({reinterpret_cast<const char*>(bytes.data()), bytes.size()}) + ":";
}

std::optional<Digest> parse_repr_digest(std::string_view field) {
  for (;;) {
    const std::size_t comma = field.find(',');
    const std::string_view member = trim(field.substr(0, comma));
    if (member.starts_with("sha-256=")) {
      const std::string_view value = member.substr(8);
      const std::optional<Digest> digest = value.size() > 2 && value.front() == ':' && value.back() == ':'
                                               ? digest_from_base64(value.substr(1, value.size() - 2))
                                               : std::nullopt;
      if (!digest)
        throw Error(Code::invalid_argument, "the digest field must be `sha-256=:<base64 of 32 bytes>:`");
      return digest;
    }
    if (comma == std::string_view::npos) return std::nullopt;
    field.remove_prefix(comma + 1);
  }
}

}  // namespace assay::http
