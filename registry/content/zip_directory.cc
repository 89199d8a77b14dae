// SPDX-License-Identifier: Apache-2.0
// Numbers of sections are those of PKWARE's APPNOTE.TXT 6.3.
#include "registry/content/zip_directory.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "storage/base/little_endian.h"

namespace assay {
namespace {

constexpr std::size_t kEndSize = 22, kEnd64Size = 56, kLocatorSize = 20, kMaxComment = 65535;  // 4.3.16, .14, .15
constexpr std::size_t kCentralSize = 46, kLocalSize = 30;                                      // 4.3.12, .7
constexpr std::uint32_t kEndMark = 0x06054B50, kEnd64Mark = 0x06064B50, kLocatorMark = 0x07064B50;
constexpr std::uint32_t kCentralMark = 0x02014B50, kLocalMark = 0x04034B50;
constexpr std::uint32_t kIn64 = 0xFFFFFFFF;  // the number stands in the wide record instead

std::uint16_t get_u16(const std::byte* at) {
  return static_cast<std::uint16_t>(std::to_integer<unsigned>(at[0]) | std::to_integer<unsigned>(at[1]) << 8);
}

struct End {
  std::uint64_t at;      // where the list of entries ends
  std::uint64_t size;    // of that list
  std::uint64_t offset;  // of that list, from the archive's start, which need not be the file's
};

// As Python: a record without a comment right at the end, or else the last that looks like one.
std::optional<std::uint64_t> find_end(std::span<const std::byte> tail, std::uint64_t tail_start) {
  if (tail.size() < kEndSize) return std::nullopt;
  for (std::size_t at = tail.size() - kEndSize + 1; at-- > 0;)
    if (get_u32(tail.data() + at) == kEndMark) return tail_start + at;
  return std::nullopt;
}

std::optional<End> read_end(ByteSource& source) {
  const std::uint64_t size = source.size();
  const std::uint64_t tail_start = size - std::min<std::uint64_t>(size, kEndSize + kMaxComment);
  const auto tail = read_range(source, tail_start, kEndSize + kMaxComment);
  const auto at = find_end(tail, tail_start);
  if (!at) return std::nullopt;
  const std::byte* record = tail.data() + (*at - tail_start);
  End end{*at, get_u32(record + 12), get_u32(record + 16)};
  if (*at < kLocatorSize + kEnd64Size) return end;
  const auto wide = read_range(source, *at - kLocatorSize - kEnd64Size, kEnd64Size + kLocatorSize);
  if (get_u32(wide.data() + kEnd64Size) != kLocatorMark || get_u32(wide.data()) != kEnd64Mark) return end;
  return End{*at - kLocatorSize - kEnd64Size, get_u64(wide.data() + 40), get_u64(wide.data() + 48)};
}

// 4.5.3: those of the three numbers that did not fit, in this order.
bool widen(std::span<const std::byte> extra, ZipEntry& entry) {
  while (extra.size() >= 4) {
    const std::size_t length = get_u16(extra.data() + 2);
    if (length > extra.size() - 4) return false;
    auto field = extra.subspan(4, length);
    if (get_u16(extra.data()) == 1)
      for (std::uint64_t* number : {&entry.size, &entry.packed_size, &entry.header}) {
        if (*number != kIn64) continue;
        if (field.size() < 8) return false;
        *number = get_u64(field.data());
        field = field.subspan(8);
      }
    extra = extra.subspan(4 + length);
  }
  return true;
}

// Takes one entry off the front of the list.
bool take_entry(std::span<const std::byte>& list, ZipEntry& entry) {
  if (list.size() < kCentralSize || get_u32(list.data()) != kCentralMark) return false;
  const std::byte* head = list.data();
  const std::size_t name = get_u16(head + 28), extra = get_u16(head + 30), comment = get_u16(head + 32);
  if (list.size() - kCentralSize < name + extra + comment) return false;
  entry = {.name = std::string(reinterpret_cast<const char*>(head + kCentralSize), name),
           .method = get_u16(head + 10),
           .encrypted = (get_u16(head + 8) & 1) != 0,
           .packed_size = get_u32(head + 20),
           .size = get_u32(head + 24),
           .header = get_u32(head + 42)};
  const bool sound = widen(list.subspan(kCentralSize + name, extra), entry);
  list = list.subspan(kCentralSize + name + extra + comment);
  return sound;
}

}  // namespace

std::optional<ZipDirectory> read_zip_directory(ByteSource& source) {
  const auto end = read_end(source);
  if (!end) return std::nullopt;
  ZipDirectory out;
  if (end->size > end->at || end->offset > end->at - end->size) {
    out.broken = "its list of entries lies outside of it";
    return out;
  }
  const std::uint64_t start = end->at - end->size, shift = start - end->offset;
  const auto bytes = read_range(source, start, static_cast<std::size_t>(
                                                   std::min<std::uint64_t>(end->size, ZipDirectory::kMaxBytes)));
  if (end->size > ZipDirectory::kMaxBytes) out.broken = "its list of entries is too long to be read whole";
  for (std::span<const std::byte> list(bytes); !list.empty();) {
    ZipEntry entry;
    if (out.entries.size() == ZipDirectory::kMaxEntries) {
      out.broken = "it has more entries than are looked into";
      break;
    }
    if (!take_entry(list, entry)) {
      if (out.broken.empty()) out.broken = "its list of entries is damaged";
      break;
    }
    entry.header += shift;
    out.entries.push_back(std::move(entry));
  }
  return out;
}

std::optional<std::uint64_t> zip_entry_start(ByteSource& source, const ZipEntry& entry) {
  if (entry.header > source.size()) return std::nullopt;
  const auto head = read_range(source, entry.header, kLocalSize);
  if (head.size() < kLocalSize || get_u32(head.data()) != kLocalMark) return std::nullopt;
  const std::uint64_t start = entry.header + kLocalSize + get_u16(head.data() + 26) + get_u16(head.data() + 28);
  return start <= source.size() ? std::optional(start) : std::nullopt;
}

}  // namespace assay
