// SPDX-License-Identifier: Apache-2.0
// How the checks see bytes: forwards, in pieces, with what need not be looked at passed over unread, and never more
// than a budget in all. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace assay {

class ByteStream {
 public:
  virtual ~ByteStream() = default;

  // Fills `out` from the front and returns how many bytes; 0 only at the end.
  virtual std::size_t read(std::span<std::byte> out) = 0;
  // Passes over `count` bytes; false when there are not that many.
  virtual bool skip(std::uint64_t count) = 0;
};

// A file: streams that start anywhere in it, which must not outlive it.
class ByteSource {
 public:
  virtual ~ByteSource() = default;

  virtual std::uint64_t size() const = 0;
  // Up to `length` bytes from `offset` on, which is at most size().
  virtual std::unique_ptr<ByteStream> open(std::uint64_t offset, std::uint64_t length) = 0;
};

// Up to `length` bytes from `offset` on.
std::vector<std::byte> read_range(ByteSource& source, std::uint64_t offset, std::size_t length);

// Bytes in memory, borrowed.
class SpanSource final : public ByteSource {
 public:
  explicit SpanSource(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::uint64_t size() const override { return bytes_.size(); }
  std::unique_ptr<ByteStream> open(std::uint64_t offset, std::uint64_t length) override;

 private:
  std::span<const std::byte> bytes_;
};

// How many bytes may still be read, shared by all that read one file.
struct ReadBudget {
  std::uint64_t left;
};

// Reads a stream byte by byte, through a buffer. After the end, or the end of the budget, every call answers with
// nothing; the two differ in exhausted().
class ByteCursor {
 public:
  ByteCursor(ByteStream& stream, ReadBudget& budget) : stream_(stream), budget_(budget) {}

  std::optional<std::uint8_t> peek();
  std::optional<std::uint8_t> byte();
  // A little-endian number of 1 to 8 bytes.
  std::optional<std::uint64_t> number(int bytes);
  // What comes before the next '\n', at most `keep` bytes of it; the rest and the '\n' are passed over.
  std::optional<std::string> line(std::size_t keep);
  // Up to `keep` of the next `length` bytes; the rest is passed over.
  std::optional<std::string> text(std::uint64_t length, std::size_t keep);
  bool skip(std::uint64_t length);

  std::uint64_t position() const { return position_; }  // bytes taken so far
  bool at_end() { return !peek() && !exhausted_; }
  bool exhausted() const { return exhausted_; }  // the budget, before the stream

 private:
  bool fill();

  ByteStream& stream_;
  ReadBudget& budget_;
  std::vector<std::byte> buffer_{};
  std::size_t at_ = 0;
  std::uint64_t position_ = 0;
  bool exhausted_ = false;
};

}  // namespace assay
