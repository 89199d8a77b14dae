// SPDX-License-Identifier: Apache-2.0
#include "registry/content/file_mark.h"

#include <cstddef>

#include "registry/domain/utf8.h"

namespace assay {
namespace {

using Answer = FileContent::Answer;
using namespace std::string_view_literals;

constexpr std::string_view kPacked = "it is packed in a way that is not looked into: push what is inside";
constexpr std::string_view kProgram = "a program";

struct Row {
  std::size_t at;
  std::string_view bytes;
  FileMark mark;
};

constexpr Row kRows[] = {
    {0, "\x7F" "ELF"sv, {"program", Answer::no, Answer::no, kProgram}},
    {0, "MZ"sv, {"program", Answer::no, Answer::no, kProgram}},
    {0, "#!"sv, {"program", Answer::no, Answer::no, kProgram}},
    {0, "\xCF\xFA\xED\xFE"sv, {"program", Answer::no, Answer::no, kProgram}},
    {0, "\xCE\xFA\xED\xFE"sv, {"program", Answer::no, Answer::no, kProgram}},
    {0, "\xCA\xFE\xBA\xBE"sv, {"program", Answer::no, Answer::no, kProgram}},
    {0, "GGUF"sv, {"gguf", Answer::no, Answer::yes, ""}},
    {0, "PAR1"sv, {"parquet", Answer::no, Answer::yes, ""}},
    {0, "\x89HDF\r\n\x1A\n"sv,
     {"hdf5", Answer::unknown, Answer::unknown,
      "HDF5 can hold pickled objects and Keras layers of code, and is not looked into"}},
    {0, "BZh"sv, {"bzip2", Answer::unknown, Answer::unknown, kPacked}},
    {0, "\xFD" "7zXZ\0"sv, {"xz", Answer::unknown, Answer::unknown, kPacked}},
    {0, "\x5D\0\0"sv, {"lzma", Answer::unknown, Answer::unknown, kPacked}},
    {0, "\x28\xB5\x2F\xFD"sv, {"zstd", Answer::unknown, Answer::unknown, kPacked}},
    {0, "\x04\x22\x4D\x18"sv, {"lz4", Answer::unknown, Answer::unknown, kPacked}},
    {0, "7z\xBC\xAF\x27\x1C"sv, {"7z", Answer::unknown, Answer::unknown, kPacked}},
    {0, "ZF0x"sv, {"joblib", Answer::unknown, Answer::unknown, kPacked}},
    {257, "ustar"sv, {"tar", Answer::unknown, Answer::unknown, kPacked}},
};

constexpr std::size_t kLongestCodePoint = 4;

}  // namespace

const FileMark* find_file_mark(std::span<const std::byte> start) {
  const std::string_view text(reinterpret_cast<const char*>(start.data()), start.size());
  for (const Row& row : kRows)
    if (text.size() >= row.at && text.substr(row.at).starts_with(row.bytes)) return &row.mark;
  return nullptr;
}

bool is_text(std::span<const std::byte> start) {
  std::string_view text(reinterpret_cast<const char*>(start.data()), start.size());
  while (!text.empty()) {
    const auto point = take_code_point(text);
    if (!point) return text.size() < kLongestCodePoint && text.size() < start.size();  // cut off in the middle
    if (*point < 0x20 && "\t\n\r\f"sv.find(static_cast<char>(*point)) == std::string_view::npos) return false;
  }
  return true;
}

}  // namespace assay
