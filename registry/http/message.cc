// SPDX-License-Identifier: Apache-2.0
#include "registry/http/message.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "storage/base/error.h"

namespace assay::http {
namespace {

constexpr std::array<std::pair<Method, std::string_view>, 8> kMethods = {{
    {Method::get, "GET"},
    {Method::head, "HEAD"},
    {Method::post, "POST"},
    {Method::put, "PUT"},
    {Method::patch, "PATCH"},
    {Method::delete_, "DELETE"},
    {Method::options, "OPTIONS"},
    {Method::other, "other"},
}};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

Method method_from(std::string_view text) {
  for (const auto& [method, name] : kMethods)
    if (name == text) return method;
  return Method::other;
}

std::string_view text(Method method) {
  return std::find_if(kMethods.begin(), kMethods.end(), [&](const auto& row) { return row.first == method; })
      ->second;
}

void Headers::add(std::string name, std::string value) {
  fields_.emplace_back(std::move(name), std::move(value));
}

void Headers::set(std::string_view name, std::string value) {
  std::erase_if(fields_, [&](const auto& field) { return same_name(field.first, name); });
  fields_.emplace_back(name, std::move(value));
}

const std::string* Headers::find(std::string_view name) const {
  for (const auto& [key, value] : fields_)
    if (same_name(key, name)) return &value;
  return nullptr;
}

const std::string& Request::parameter(std::string_view name) const {
  return captured.at(std::string(name));
}

std::string read_all(BodyReader& body, std::uint64_t limit) {
  std::string all;
  std::array<std::byte, 16 * 1024> buffer;
  while (const std::size_t n = body.read(buffer)) {
    if (all.size() + n > limit)
      throw Error(Code::too_large,
                  fmt::format("the request body is longer than {} bytes; send less at once", limit));
    all.append(reinterpret_cast<const char*>(buffer.data()), n);
  }
  return all;
}

std::string_view status_text(int status) {
  constexpr std::array<std::pair<int, std::string_view>, 31> kTexts = {{
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {206, "Partial Content"},
      {304, "Not Modified"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {416, "Range Not Satisfiable"},
      {417, "Expectation Failed"},
      {421, "Misdirected Request"},
      {422, "Unprocessable Content"},
      {428, "Precondition Required"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {499, "Client Closed Request"},
      {500, "Internal Server Error"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
      {507, "Insufficient Storage"},
  }};
  for (const auto& [known, phrase] : kTexts)
    if (known == status) return phrase;
  return "Unknown";
}

}  // namespace assay::http
