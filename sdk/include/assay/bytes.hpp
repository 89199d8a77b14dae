// SPDX-License-Identifier: Apache-2.0
// A small binary form for models and states: little-endian, bounded on reading, sealed by a checksum.
// Optional: an entry may hold any format.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "assay/error.hpp"

namespace assay::sdk {

// Appends values; `take` gives the bytes.
class ByteWriter {
 public:
  void u8(std::uint8_t value) { out_ += static_cast<char>(value); }
  void u32(std::uint32_t value) { little(value, 4); }
  void u64(std::uint64_t value) { little(value, 8); }
  void i64(std::int64_t value) { little(static_cast<std::uint64_t>(value), 8); }
  void f64(double value) { little(std::bit_cast<std::uint64_t>(value), 8); }
  void flag(bool value) { u8(value ? 1 : 0); }
  // Seven bits a byte, lowest first: for numbers that are mostly small.
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) u8(static_cast<std::uint8_t>((value & 0x7F) | 0x80));
    u8(static_cast<std::uint8_t>(value));
  }
  // A count and that many bytes.
  void text(std::string_view value) {
    u64(value.size());
    out_ += value;
  }
  void f64s(const std::vector<double>& values) {
    u64(values.size());
    for (const double value : values) f64(value);
  }
  void i64s(const std::vector<std::int64_t>& values) {
    u64(values.size());
    for (const std::int64_t value : values) i64(value);
  }
  std::string take() { return std::exchange(out_, {}); }

 private:
  void little(std::uint64_t value, int bytes) {
    char raw[8];
    for (int i = 0; i < 8; ++i) raw[i] = static_cast<char>((value >> (8 * i)) & 0xFF);
    out_.append(raw, static_cast<std::size_t>(bytes));
  }
  std::string out_;
};

// Reads them back. Borrows the bytes. Anything that does not fit is CORRUPT_ARTIFACT; no count is believed
// before the bytes it promises are there, so hostile input costs no more memory than its own size.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(little(1)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(little(4)); }
  std::uint64_t u64() { return little(8); }
  std::int64_t i64() { return static_cast<std::int64_t>(little(8)); }
  double f64() { return std::bit_cast<double>(little(8)); }
  bool flag() {
    const std::uint8_t value = u8();
    require(value <= 1, "a flag is neither 0 nor 1");
    return value == 1;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const std::uint64_t byte = u8();
      require(shift < 63 || byte <= 1, "a number is too long");
      value |= (byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    throw corrupt("a number is too long");
  }
  // How many rows something has: at most 2^48, so that sums of a few never overflow.
  std::uint64_t rows() {
    const std::uint64_t value = u64();
    require(value <= std::uint64_t{1} << 48, "a number of rows is out of range");
    return value;
  }
  std::string text() { return std::string(take(count(1))); }
  std::vector<double> f64s() {
    std::vector<double> values(count(8));
    for (double& value : values) value = f64();
    return values;
  }
  std::vector<std::int64_t> i64s() {
    std::vector<std::int64_t> values(count(8));
    for (std::int64_t& value : values) value = i64();
    return values;
  }
  // A count of items that take at least `item_bytes` each.
  std::size_t count(std::size_t item_bytes) {
    const std::uint64_t items = u64();
    if (items > rest_.size() / item_bytes) throw corrupt("a count exceeds the bytes that follow");
    return static_cast<std::size_t>(items);
  }
  std::string_view take(std::size_t size) {
    if (size > rest_.size()) throw corrupt("it is cut short");
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  // To be called last: nothing may follow.
  void end() const {
    if (!rest_.empty()) throw corrupt("bytes follow its end");
  }

  static void require(bool holds, std::string_view otherwise) {
    if (!holds) throw corrupt(otherwise);
  }
  static Error corrupt(std::string_view why) {
    return {ASSAY_E_CORRUPT_ARTIFACT, "the stored bytes do not parse: " + std::string(why)};
  }

 private:
  std::uint64_t little(int bytes) {
    const std::string_view raw = take(static_cast<std::size_t>(bytes));
    std::uint64_t value = 0;
    for (int i = 0; i < bytes; ++i)
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(raw[static_cast<std::size_t>(i)]))
               << (8 * i);
    return value;
  }
  std::string_view rest_;
};

// FNV-1a, 64 bit (http://www.isthe.com/chongo/tech/comp/fnv/). It finds accidents, not forgery: every change
// of one byte, and all others but one in 2^64. The registry's SHA-256 is what proves identity.
inline std::uint64_t checksum(std::string_view bytes) {
  std::uint64_t hash = 14695981039346656037u;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash;
}

// `magic` (which should name format and version, such as "linear-model/1"), the payload, and a checksum over
// both.
inline std::string seal(std::string_view magic, std::string_view payload) {
  ByteWriter out;
  out.text(magic);
  out.text(payload);
  std::string sealed = out.take();
  ByteWriter tail;
  tail.u64(checksum(sealed));
  return sealed + tail.take();
}

// The payload, a view into `sealed`. CORRUPT_ARTIFACT when it is of another magic, cut short or altered.
inline std::string_view unseal(std::string_view magic, std::string_view sealed) {
  if (sealed.size() < 8) throw ByteReader::corrupt("it is cut short");
  if (ByteReader(sealed.substr(sealed.size() - 8)).u64() != checksum(sealed.substr(0, sealed.size() - 8)))
    throw ByteReader::corrupt("its checksum does not match; fetch the version again");
  ByteReader in(sealed.substr(0, sealed.size() - 8));
  const std::string_view found = in.take(in.count(1));
  if (found != magic)
    throw ByteReader::corrupt("it is '" + detail::clean_utf8(found.substr(0, 64)) + "', not '" +
                              std::string(magic) + "'");
  const std::string_view payload = in.take(in.count(1));
  in.end();
  return payload;
}

}  // namespace assay::sdk
