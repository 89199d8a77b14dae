// SPDX-License-Identifier: Apache-2.0
// Tar files written as text: lines `--- NAME TYPE` begin the entries (TYPE is that of tar, a file when left out), and
// `@3` in a name or a body is the digest of the third entry, in a body if that entry comes later.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/digest.h"

namespace assay::test {

inline constexpr std::string_view kTarEntry = "--- ";

struct TarEntry {
  std::string name, body;
  char type = '0';
};

inline std::vector<TarEntry> entries_of(std::string_view text) {
  std::vector<TarEntry> entries;
  while (text.starts_with(kTarEntry)) {
    text.remove_prefix(kTarEntry.size());
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t blank = line.find(' ');
    const std::size_t next = text.starts_with(kTarEntry) ? 0 : text.find("\n--- ");
    const std::string_view body = text.substr(0, next == 0 || next == text.npos ? next : next + 1);
    entries.push_back({std::string(line.substr(0, std::min<std::size_t>(blank, 99))), std::string(body),
                       blank < line.size() - 1 ? line[blank + 1] : '0'});
    text.remove_prefix(body.size());
  }
  return entries;
}

inline void name_digests(std::vector<TarEntry>& entries) {
  std::array<std::string, 9> digests;
  const auto replace = [&](std::string& text) {
    for (std::size_t at = text.find('@'); at != text.npos && at + 1 < text.size(); at = text.find('@', at + 1)) {
      const auto entry = static_cast<std::size_t>(text[at + 1] - '1');
      if (entry < digests.size() && !digests[entry].empty()) text.replace(at, 2, digests[entry]);
    }
  };
  for (std::size_t i = entries.size(); i-- > 0;) {
    replace(entries[i].body);
    if (i < digests.size()) digests[i] = Digest::of(entries[i].body).hex();
    replace(entries[i].name);
    entries[i].name.resize(std::min<std::size_t>(entries[i].name.size(), 99));
  }
}

inline std::string header_of(const TarEntry& entry) {
  std::string header(512, '\0');
  const auto put = [&](std::size_t at, std::string_view text) { header.replace(at, text.size(), text); };
  put(0, entry.name);
  put(100, "0000644");
  put(124, fmt::format("{:011o}", entry.body.size()));
  put(148, "        ");
  header[156] = entry.type;
  put(257, std::string_view("ustar\00000", 8));
  unsigned sum = 0;
  for (const unsigned char byte : header) sum += byte;
  put(148, fmt::format("{:06o}", sum));
  header[154] = '\0';
  return header;
}

inline std::string tar_of(std::string_view text) {
  std::vector<TarEntry> entries = entries_of(text);
  name_digests(entries);
  std::string tar;
  for (const TarEntry& entry : entries) {
    tar += header_of(entry) + entry.body;
    tar.resize((tar.size() + 511) / 512 * 512);
  }
  return tar + std::string(1024, '\0');
}

}  // namespace assay::test
