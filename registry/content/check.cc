// SPDX-License-Identifier: Apache-2.0
#include "registry/content/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string>

#include "registry/content/file_mark.h"
#include "registry/content/inflate_stream.h"
#include "registry/content/numpy_header.h"
#include "registry/content/pickle_check.h"
#include "registry/content/zip_directory.h"
#include "storage/blob/tensor_layout.h"

namespace assay {
namespace {

using Answer = FileContent::Answer;

constexpr std::size_t kHead = 16 * 1024;  // tells text from other bytes, and holds a NumPy head of any sane record
constexpr int kMaxNesting = 1;            // a pickle in a zip archive; not an archive in an archive

// Bytes that are no pickle, and of no format that is known here.
const FileContent kNameless{.format = "unknown", .pickle = Answer::no, .safe = Answer::unknown};

// The same bytes from their start, as often as asked.
using Opener = std::function<std::unique_ptr<ByteStream>()>;

// The whole is as bad as its worst part.
void add_part(FileContent& whole, const FileContent& part, const std::string& where = "") {
  whole.pickle = std::max(whole.pickle, part.pickle);
  whole.safe = std::min(whole.safe, part.safe);
  for (const std::string& reason : part.reasons) whole.because(where.empty() ? reason : where + ": " + reason);
}

FileContent part(std::string_view format, Answer pickle, Answer safe, std::string reason = "") {
  FileContent out{.format = std::string(format), .pickle = pickle, .safe = safe};
  if (!reason.empty()) out.because(std::move(reason));
  return out;
}

class Check {
 public:
  explicit Check(ReadBudget budget) : budget_(budget) {}

  FileContent file(ByteSource& source) {
    const Opener open = [&] { return source.open(0, source.size()); };
    FileContent out = piece(open, 0);
    if (auto tensors = safetensors(source)) merge(out, *tensors);
    if (auto archive = zip(source)) merge(out, *archive);
    if (starts_zip(head_of(source))) out.format = "zip";  // as which it is opened first
    return out;
  }

 private:
  // Takes over the format of what was recognised where none was, and adds the rest.
  static void merge(FileContent& out, const FileContent& found) {
    if (out.format == "unknown" || out.format == "text") {
      out.format = found.format;
      if (out.pickle == Answer::no) out.safe = found.safe;
    }
    add_part(out, found);
  }

  FileContent piece(const Opener& open, int depth) {
    const std::vector<std::byte> head = read_head(open);
    if (head.empty()) return part("empty", Answer::no, Answer::yes);
    FileContent out = check_pickle(*open(), budget_);
    if (const FileMark* mark = find_file_mark(head))
      merge(out, part(mark->format, mark->pickle, mark->safe, std::string(mark->reason)));
    else if (const auto header = read_numpy_header(head))
      merge(out, numpy(*header, open));
    else if (auto packed = unpacked(head, open, depth))
      merge(out, *packed);
    else if (out.format == "unknown" && is_text(head))
      merge(out, part("text", out.pickle, Answer::yes));
    else if (depth > 0 && starts_zip(head))
      merge(out, part("zip", Answer::unknown, Answer::unknown, "an archive in an archive, which is not looked into"));
    return out;
  }

  std::vector<std::byte> read_head(const Opener& open) {
    std::vector<std::byte> head(static_cast<std::size_t>(std::min<std::uint64_t>(kHead, budget_.left)));
    const auto stream = open();
    std::size_t filled = 0;
    while (const std::size_t more = stream->read(std::span(head).subspan(filled))) filled += more;
    head.resize(filled);
    budget_.left -= filled;
    return head;
  }

  FileContent numpy(const NumpyHeader& header, const Opener& open) {
    if (header.objects == Answer::no) return part("numpy", Answer::no, Answer::yes);
    FileContent out = part("numpy", header.objects, Answer::unknown,
                           header.objects == Answer::yes ? "an array of Python objects, which are a pickle"
                                                         : "the type of its elements cannot be read");
    const auto stream = open();
    if (!stream->skip(header.data_start)) return out;
    const FileContent objects = check_pickle(*stream, budget_);
    if (objects.pickle == Answer::yes) out.safe = objects.safe;
    add_part(out, objects);
    return out;
  }

  // What zlib or gzip packed, by what is inside.
  std::optional<FileContent> unpacked(std::span<const std::byte> head, const Opener& open, int depth) {
    if (head.size() < 2) return std::nullopt;
    const auto first = std::to_integer<unsigned>(head[0]), second = std::to_integer<unsigned>(head[1]);
    const bool gzip = first == 0x1F && second == 0x8B;
    const bool zlib = (first & 0x0F) == 8 && first >> 4 <= 7 && (first * 256 + second) % 31 == 0;
    if (!gzip && !zlib) return std::nullopt;
    const Opener inner = [&] { return inflate(open(), Packing::zlib_or_gzip, budget_); };
    const std::string_view format = gzip ? "gzip" : "zlib";
    if (depth >= kMaxNesting) return part(format, Answer::unknown, Answer::unknown, "packed twice, and not looked into");
    const FileContent inside = piece(inner, depth + 1);
    // Any text may start as zlib's streams do: then nothing comes out of it, or nothing that matters.
    if (inside.format == "empty" || (zlib && inside.pickle == Answer::no && is_text(head))) return std::nullopt;
    FileContent out = part(format, inside.pickle, inside.safe);
    add_part(out, inside, "unpacked");
    return out;
  }

  static std::vector<std::byte> head_of(ByteSource& source) { return read_range(source, 0, kTensorHeadPrefix); }

  static bool starts_zip(std::span<const std::byte> head) {
    return head.size() >= 4 && std::to_integer<char>(head[0]) == 'P' && std::to_integer<char>(head[1]) == 'K' &&
           std::to_integer<unsigned>(head[2]) <= 8 && std::to_integer<unsigned>(head[3]) <= 8;
  }

  // As the format's own reader demands it: a sound head, and tensors to the last byte.
  std::optional<FileContent> safetensors(ByteSource& source) {
    const auto size = tensor_head_size(head_of(source));
    if (!size) return std::nullopt;
    const auto bad = [](std::string why) { return part("safetensors", Answer::no, Answer::no, std::move(why)); };
    if (*size > source.size()) return bad("its header is longer than the file");
    const auto tensors = parse_tensor_head(read_range(source, 0, *size));
    if (!tensors)
      return bad("its header is not JSON of tensors that lie one behind the other, each as long as its shape says");
    const std::uint64_t end = tensors->empty() ? *size : tensors->back().offset + tensors->back().size;
    if (end > source.size()) return bad(fmt::format("its tensors end at byte {}, beyond the file's end", end));
    if (end < source.size()) return bad(fmt::format("{} bytes stand behind its tensors", source.size() - end));
    return part("safetensors", Answer::no, Answer::yes);
  }

  std::optional<FileContent> zip(ByteSource& source) {
    const auto directory = read_zip_directory(source);
    const bool marked = starts_zip(head_of(source));
    if (!directory || (directory->entries.empty() && !directory->broken.empty())) {
      if (!marked) return std::nullopt;
      return part("zip", Answer::unknown, Answer::unknown, "an archive whose end is missing or damaged");
    }
    FileContent out = part("zip", Answer::no, Answer::yes);
    bool nameless = false;  // an entry of bytes that nothing is known of
    for (const ZipEntry& entry : directory->entries) {
      FileContent content = entry_content(source, entry);
      nameless = nameless || content == kNameless;
      if (content == kNameless) content.safe = Answer::yes;
      add_part(out, content, entry.name);
    }
    // Beside a pickle such entries are its arrays, as torch writes them; it reads them as numbers.
    if (nameless && out.pickle == Answer::no) out.safe = std::min(out.safe, Answer::unknown);
    if (!directory->broken.empty()) add_part(out, part("zip", Answer::unknown, Answer::unknown, directory->broken));
    return out;
  }

  FileContent entry_content(ByteSource& source, const ZipEntry& entry) {
    constexpr std::uint16_t kStored = 0, kDeflated = 8;
    const auto start = zip_entry_start(source, entry);
    const auto unknown = [](std::string why) { return part("unknown", Answer::unknown, Answer::unknown, std::move(why)); };
    if (!start) return unknown("it is not where the archive says");
    if (entry.encrypted) return unknown("it is encrypted");
    if (entry.method == kStored) return piece([&] { return source.open(*start, entry.packed_size); }, 1);
    if (entry.method != kDeflated) return unknown("it is packed in a way that is not looked into");
    return piece([&] { return inflate(source.open(*start, entry.packed_size), Packing::deflate, budget_); }, 1);
  }

  ReadBudget budget_;
};

}  // namespace

FileContent check_content(ByteSource& source, std::uint64_t budget) {
  return Check({budget}).file(source);
}

}  // namespace assay
