// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/section.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "storage/base/error.h"
#include "storage/base/little_endian.h"

namespace assay {

namespace {

constexpr std::size_t kHeader = 9;
constexpr std::size_t kSample = 4096;
constexpr std::size_t kTooFew = 32;  // bytes that no frame makes shorter

[[noreturn]] void corrupt() {
  throw Error(Code::corrupt, "an encoded chunk is malformed");
}

// What a sample of the bytes says of their histogram.
struct Skew {
  bool worth_coding;  // the chance that two bytes agree is well above 1/256
  bool mostly_one;    // seven of eight are the same byte, so that runs of it may be worth finding
};

Skew skew_of(std::span<const std::byte> bytes) {
  std::array<std::uint32_t, 256> counts{};
  const std::size_t strip = std::min<std::size_t>(bytes.size(), 256);
  const std::size_t strips =
      std::max<std::size_t>(1, std::min(bytes.size(), kSample) / std::max<std::size_t>(strip, 1));
  const std::size_t stride = (bytes.size() - strip) / strips;
  for (std::size_t s = 0; s < strips; ++s)
    for (const std::byte byte : bytes.subspan(s * stride, strip)) ++counts[static_cast<std::size_t>(byte)];
  std::uint64_t agreeing = 0;
  std::uint32_t most = 0;
  for (const std::uint32_t count : counts) {
    agreeing += std::uint64_t{count} * (count > 0 ? count - 1 : 0);
    most = std::max(most, count);
  }
  const std::uint64_t sampled = strips * strip;
  // 1.06/256: a histogram no more uneven than this saves less than a hundredth.
  return {sampled < 2 || agreeing * 25600 > sampled * (sampled - 1) * 106, most * 8 > sampled * 7};
}

bool constant(std::span<const std::byte> bytes) {
  return bytes.size() > 1 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

}  // namespace

std::span<std::byte> SectionWriter::room(std::size_t size) {
  if (size > to_.size() - used_) fits_ = false;
  return fits_ ? to_.subspan(used_, size) : std::span<std::byte>();
}

void SectionWriter::put_byte(std::uint8_t value) {
  const auto at = room(1);
  if (!fits_) return;
  at[0] = static_cast<std::byte>(value);
  used_ += 1;
}

void SectionWriter::put_u32(std::uint32_t value) {
  const auto at = room(4);
  if (!fits_) return;
  assay::put_u32(at.data(), value);
  used_ += 4;
}

void SectionWriter::put_raw(std::span<const std::byte> bytes) {
  const auto at = room(bytes.size());
  if (!fits_ || bytes.empty()) return;
  std::memcpy(at.data(), bytes.data(), bytes.size());
  used_ += bytes.size();
}

void SectionWriter::put_header(SectionKind kind, std::size_t raw_size, std::size_t stored_size) {
  put_byte(static_cast<std::uint8_t>(kind));
  put_u32(static_cast<std::uint32_t>(raw_size));
  put_u32(static_cast<std::uint32_t>(stored_size));
}

// Compresses straight to where the section's bytes belong; false when that does not shrink them.
bool SectionWriter::put_compressed(std::span<const std::byte> bytes) {
  const Skew skew = skew_of(bytes);
  if (!skew.worth_coding || used_ + kHeader >= to_.size()) return false;
  const auto at = to_.subspan(used_ + kHeader);
  auto size = zstd_.encode_literals(bytes, at.first(std::min(at.size(), bytes.size() - 1)));
  if (skew.mostly_one) {
    const auto other = at.subspan(size.value_or(0));
    const auto runs =
        zstd_.encode(bytes, other.first(std::min(other.size(), size.value_or(bytes.size()) - 1)));
    if (runs) {
      std::memmove(at.data(), other.data(), *runs);
      size = runs;
    }
  }
  if (!size) return false;
  put_header(SectionKind::zstd, bytes.size(), *size);
  used_ += *size;
  return true;
}

void SectionWriter::put_section(std::span<const std::byte> bytes) {
  if (!fits_) return;
  if (constant(bytes)) {
    put_header(SectionKind::constant, bytes.size(), 1);
    return put_raw(bytes.first(1));
  }
  if (bytes.size() > kTooFew && put_compressed(bytes)) return;
  put_header(SectionKind::raw, bytes.size(), bytes.size());
  put_raw(bytes);
}

std::span<const std::byte> SectionReader::take(std::size_t size) {
  if (size > from_.size()) corrupt();
  const auto taken = from_.first(size);
  from_ = from_.subspan(size);
  return taken;
}

std::uint8_t SectionReader::take_byte() {
  return static_cast<std::uint8_t>(take(1)[0]);
}
std::uint32_t SectionReader::take_u32() {
  return get_u32(take(4).data());
}

void SectionReader::take_raw(std::span<std::byte> bytes) {
  const auto stored = take(bytes.size());
  if (!bytes.empty()) std::memcpy(bytes.data(), stored.data(), bytes.size());
}

std::size_t SectionReader::take_section(std::span<std::byte> bytes) {
  const auto kind = static_cast<SectionKind>(take_byte());
  const std::size_t raw_size = take_u32();
  const auto stored = take(take_u32());
  if (raw_size > bytes.size()) corrupt();
  const auto raw = bytes.first(raw_size);
  if (kind == SectionKind::raw && stored.size() == raw.size())
    std::copy(stored.begin(), stored.end(), raw.begin());
  else if (kind == SectionKind::constant && stored.size() == 1)
    std::fill(raw.begin(), raw.end(), stored[0]);
  else if (kind == SectionKind::zstd)
    zstd_.decode(stored, {}, raw);
  else
    corrupt();
  return raw_size;
}

void SectionReader::take_whole_section(std::span<std::byte> bytes) {
  if (take_section(bytes) != bytes.size()) corrupt();
}

void SectionReader::finish() const {
  if (!from_.empty()) corrupt();
}

}  // namespace assay
