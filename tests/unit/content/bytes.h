// SPDX-License-Identifier: Apache-2.0
// Pickles, archives and arrays made by hand, byte by byte.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "registry/content/byte_stream.h"
#include "registry/content/check.h"
#include "tests/support/bytes.h"

namespace assay::test {

using namespace std::string_literals;

inline std::string little(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i, value >>= 8) out.push_back(static_cast<char>(value));
  return out;
}

inline FileContent check_bytes(std::string_view bytes) {
  SpanSource source(as_span(bytes));
  return check_content(source);
}

// posix.system("true"), as protocol 2 and as protocol 4 write it.
inline const std::string kMalicious2 = "\x80\x02" "cposix\nsystem\nX\x04\x00\x00\x00true\x85R."s;
inline const std::string kMalicious4 =
    "\x80\x04\x95\x1d\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x04true\x94\x85\x94R\x94."s;
// An OrderedDict, and a list of three numbers.
inline const std::string kPlain2 = "\x80\x02" "ccollections\nOrderedDict\nq\x00)Rq\x01."s;
inline const std::string kList2 = "\x80\x02]q\x00(K\x01K\x02K\x03" "e."s;

struct MadeEntry {
  std::string name;
  std::string bytes;
  std::uint16_t method = 0;
  std::uint16_t flags = 0;
};

// A zip archive of entries as they are.
inline std::string zip_of(const std::vector<MadeEntry>& entries) {
  std::string out, list;
  for (const MadeEntry& entry : entries) {
    const std::string sizes = little(0, 4) + little(entry.bytes.size(), 4) + little(entry.bytes.size(), 4) +
                              little(entry.name.size(), 2) + little(0, 2);
    const std::string common = little(20, 2) + little(entry.flags, 2) + little(entry.method, 2) + little(0, 4);
    list += "PK\x01\x02"s + little(20, 2) + common + sizes + little(0, 10) + little(out.size(), 4) + entry.name;
    out += "PK\x03\x04"s + common + sizes + entry.name + entry.bytes;
  }
  const std::string count = little(entries.size(), 2);
  return out + list + "PK\x05\x06"s + little(0, 4) + count + count + little(list.size(), 4) + little(out.size(), 4) +
         little(0, 2);
}

inline std::string npy_of(const std::string& descr, const std::string& data) {
  const std::string header = "{'descr': " + descr + ", 'fortran_order': False, 'shape': (1,), }\n";
  return "\x93NUMPY\x01\x00"s + little(header.size(), 2) + header + data;
}

}  // namespace assay::test
