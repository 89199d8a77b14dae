// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <vector>

#include "registry/plugin_host/wire/batch.h"
#include "storage/base/error.h"

namespace assay::wire {
namespace {

// What abi.h promises to plugins for every buffer. Copies are aligned better.
constexpr std::size_t kSharedAlignment = 8;

std::size_t bitmap_bytes(std::int64_t length) {
  return static_cast<std::size_t>((length + 7) / 8);
}

bool bit(const void* bits, std::int64_t at) {
  return (static_cast<const std::uint8_t*>(bits)[at / 8] >> (at % 8) & 1) != 0;
}

// Two passes over the same walk: the first sums sizes and counts nulls, the second copies, so that room is taken once.
class Encoder {
 public:
  Encoder(const ArrowSchema& schema, const ArrowArray& array, const Target& target)
      : schema_(schema), array_(array), target_(target) {}

  Payload encode() {
    visit(schema_, array_, 0, array_.length);
    const std::size_t words = 2 + nodes_.size() * kNodeWords + buffers_ * kBufferWords;
    const std::size_t head = round_up(words * sizeof(std::uint64_t));
    if (size_ != 0 && target_.take) place_ = target_.take(size_);
    const bool follows = place_.bytes == nullptr;
    Payload payload(follows ? head + size_ : head);
    if (follows) place_ = {0, 0, payload.data() + head};
    word_ = reinterpret_cast<std::uint64_t*>(payload.data());
    std::memset(payload.data() + words * sizeof(std::uint64_t), 0, head - words * sizeof(std::uint64_t));
    put(nodes_.size());
    put(buffers_);
    for (const auto& node : nodes_)
      for (const std::int64_t value : node) put(static_cast<std::uint64_t>(value));
    copying_ = true;
    size_ = 0;
    next_node_ = 0;
    visit(schema_, array_, 0, array_.length);
    return payload;
  }

 private:
  static std::size_t round_up(std::size_t size) { return (size + kAlignment - 1) / kAlignment * kAlignment; }
  void put(std::uint64_t value) { *word_++ = value; }

  // The slice [start, start+length) of `array`, its own offset not counted.
  void visit(const ArrowSchema& schema, const ArrowArray& array, std::int64_t start, std::int64_t length) {
    const std::int64_t first = array.offset + start;
    const std::string_view format = schema.format;
    check_shape(schema, array, start + length);
    validity(array, first, length);
    const auto count = static_cast<std::size_t>(length);
    if (format == "g" || format == "l") {
      bytes(static_cast<const std::byte*>(array.buffers[1]) + first * 8, count * 8);
    } else if (format == "b") {
      bits(array.buffers[1], first, length);
    } else if (format == "u") {
      const auto [from, to] = offsets(array.buffers[1], first, length);
      bytes(static_cast<const std::byte*>(array.buffers[2]) + from, static_cast<std::size_t>(to - from), 1);
    } else if (format == "+l") {
      const auto [from, to] = offsets(array.buffers[1], first, length);
      visit(*schema.children[0], *array.children[0], from, to - from);
    } else if (format == "+s") {
      for (std::int64_t i = 0; i < schema.n_children; ++i)
        visit(*schema.children[i], *array.children[i], first, length);
    } else {
      throw Error(Code::unsupported, "a batch of the Arrow format " + std::string(format) + " cannot cross");
    }
  }

  // A plugin that fills an array short is told so; its own memory is not read past the end for it.
  static void check_shape(const ArrowSchema& schema, const ArrowArray& array, std::int64_t rows) {
    const std::string_view format = schema.format;
    const std::int64_t buffers = format == "+s" ? 1 : format == "u" ? 3 : 2;
    if (array.length < rows || array.n_buffers != buffers || array.n_children != schema.n_children)
      throw Error(
          Code::internal,
          fmt::format("column \"{}\" has {} rows, {} buffers and {} children where {}, {} and {} are due",
                      schema.name == nullptr ? "" : schema.name, array.length, array.n_buffers,
                      array.n_children, rows, buffers, schema.n_children));
  }

  // Begins a node: its length, and its nulls as they are in this slice.
  void validity(const ArrowArray& array, std::int64_t first, std::int64_t length) {
    const void* source = array.n_buffers > 0 ? array.buffers[0] : nullptr;
    if (!copying_) {
      std::int64_t nulls = 0;
      if (source != nullptr && array.null_count != 0) nulls = length - count_bits(source, first, length);
      nodes_.push_back({length, nulls});
    }
    const std::int64_t nulls = nodes_[next_node_++][1];
    if (nulls == 0)
      bytes(nullptr, 0);
    else
      bits(source, first, length);
  }

  static std::int64_t count_bits(const void* bits, std::int64_t first, std::int64_t length) {
    std::int64_t set = 0;
    std::int64_t at = first;
    const std::int64_t end = first + length;
    for (; at < end && at % 8 != 0; ++at) set += bit(bits, at) ? 1 : 0;
    for (; at + 8 <= end; at += 8) set += std::popcount(static_cast<const std::uint8_t*>(bits)[at / 8]);
    for (; at < end; ++at) set += bit(bits, at) ? 1 : 0;
    return set;
  }

  // Room for one buffer while copying; null while counting.
  std::byte* reserve(std::size_t size) {
    const std::uint64_t offset = size_;
    size_ += round_up(size);
    if (size_ > kMaxPayloadBytes)
      throw Error(Code::too_large, "a batch is larger than 2 GiB; use fewer rows at a time");
    if (!copying_) {
      ++buffers_;
      return nullptr;
    }
    put(place_.arena);
    put(place_.offset + offset);
    put(size);
    // What lay behind it before is nobody's business.
    std::memset(place_.bytes + offset + size, 0, round_up(size) - size);
    return place_.bytes + offset;
  }

  // Whether the bytes are where the other side sees them already.
  bool shared(const std::byte* source, std::size_t size, std::size_t alignment) {
    for (const SharedBytes& range : target_.shared) {
      if (source < range.bytes.data() || source + size > range.bytes.data() + range.bytes.size()) continue;
      const auto offset = static_cast<std::uint64_t>(source - range.bytes.data());
      if (offset % alignment != 0) return false;
      if (copying_) {
        put(range.arena);
        put(offset);
        put(size);
      } else {
        ++buffers_;
      }
      return true;
    }
    return false;
  }

  void bytes(const std::byte* source, std::size_t size, std::size_t alignment = kSharedAlignment) {
    if (size != 0 && shared(source, size, alignment)) return;
    std::byte* place = reserve(size);
    if (place != nullptr && size != 0) std::memcpy(place, source, size);
  }

  void bits(const void* source, std::int64_t first, std::int64_t length) {
    if (first % 8 == 0) return bytes(static_cast<const std::byte*>(source) + first / 8, bitmap_bytes(length));
    std::byte* place = reserve(bitmap_bytes(length));
    if (place == nullptr || length == 0) return;
    std::memset(place, 0, bitmap_bytes(length));
    for (std::int64_t i = 0; i < length; ++i)
      if (bit(source, first + i)) place[i / 8] |= static_cast<std::byte>(1u << (i % 8));
  }

  // Writes the offsets from zero on; answers the range that they had.
  std::pair<std::int32_t, std::int32_t> offsets(const void* source, std::int64_t first, std::int64_t length) {
    const auto size = static_cast<std::size_t>(length + 1) * sizeof(std::int32_t);
    // An array of no rows may leave its offsets out.
    if (length == 0) {
      if (std::byte* place = reserve(size); place != nullptr) std::memset(place, 0, size);
      return {0, 0};
    }
    const auto* from = static_cast<const std::int32_t*>(source) + first;
    if (from[0] == 0 && shared(reinterpret_cast<const std::byte*>(from), size, kSharedAlignment))
      return {0, from[length]};
    std::byte* place = reserve(size);
    if (place != nullptr) {
      auto* to = reinterpret_cast<std::int32_t*>(place);
      for (std::int64_t i = 0; i <= length; ++i) to[i] = from[i] - from[0];
    }
    return {from[0], from[length]};
  }

  const ArrowSchema& schema_;
  const ArrowArray& array_;
  const Target& target_;
  std::vector<std::array<std::int64_t, kNodeWords>> nodes_;
  std::size_t next_node_ = 0, buffers_ = 0;
  std::uint64_t size_ = 0;
  bool copying_ = false;
  Target::Place place_;
  std::uint64_t* word_ = nullptr;
};

}  // namespace

Payload encode_batch(const ArrowSchema& schema, const ArrowArray& array, const Target& target) {
  return Encoder(schema, array, target).encode();
}

}  // namespace assay::wire
