// SPDX-License-Identifier: Apache-2.0
#include "registry/cli/report.h"

#include <fmt/format.h>

#include <fstream>
#include <iostream>

#include "registry/cli/table.h"
#include "storage/base/error.h"

namespace assay::cli {
namespace {

std::string_view entity(char c) {
  switch (c) {
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '&':
      return "&amp;";
    case '"':
      return "&quot;";
    default:
      return {};
  }
}

}  // namespace

std::string xml(std::string_view text) {
  std::string out;
  for (const char c : plain(text)) {
    if (const std::string_view name = entity(c); !name.empty())
      out += name;
    else
      out += c;
  }
  return out;
}

std::string markdown(std::string_view text) {
  constexpr std::string_view kMarkup = "\\`*_{}[]()#+!|~@$";
  std::string out;
  for (const char c : plain(text)) {
    if (const std::string_view name = entity(c); !name.empty())
      out += name;
    else if (kMarkup.find(c) != std::string_view::npos)
      out += fmt::format("&#{};", static_cast<int>(c));
    else
      out += c;
  }
  return out;
}

void write_report(std::string_view text, const std::string& file) {
  if (file.empty()) {
    std::cout << text;
    return;
  }
  std::ofstream out(file, std::ios::binary);
  out << text;
  if (!out.flush())
    throw Error(Code::unavailable,
                fmt::format("writing the report to {} failed; is its folder there and is there room?", file));
}

}  // namespace assay::cli
