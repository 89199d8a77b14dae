// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <vector>

#include "registry/plugin_host/wire/batch.h"
#include "storage/base/error.h"

namespace assay::wire {
namespace {

std::size_t bitmap_bytes(std::int64_t length) {
  return static_cast<std::size_t>((length + 7) / 8);
}

bool bit(const void* bits, std::int64_t at) {
  return (static_cast<const std::uint8_t*>(bits)[at / 8] >> (at % 8) & 1) != 0;
}

// Two passes over the same walk: the first sums sizes, the second copies, so that the payload is allocated
// once.
class Encoder {
 public:
  Encoder(const ArrowSchema& schema, const ArrowArray& array) : schema_(schema), array_(array) {}

  EncodedBatch encode() {
    visit(schema_, array_, 0, array_.length);
    out_.payload = Payload(size_);
    // Gaps between buffers would otherwise carry whatever the memory held.
    if (size_ != 0) std::memset(out_.payload.data(), 0, size_);
    copying_ = true;
    size_ = 0;
    out_.nodes.clear();
    out_.buffers.clear();
    visit(schema_, array_, 0, array_.length);
    return std::move(out_);
  }

 private:
  // The slice [start, start+length) of `array`, its own offset not counted.
  void visit(const ArrowSchema& schema, const ArrowArray& array, std::int64_t start, std::int64_t length) {
    const std::int64_t first = array.offset + start;
    const std::string_view format = schema.format;
    check_shape(schema, array, start + length);
    const std::size_t node = out_.nodes.size();
    out_.nodes.push_back({length, 0, 0});
    out_.nodes[node][1] = validity(array, first, length);
    const auto count = static_cast<std::size_t>(length);
    if (format == "g" || format == "l") {
      bytes(static_cast<const std::byte*>(array.buffers[1]) + first * 8, count * 8);
    } else if (format == "b") {
      bits(array.buffers[1], first, length);
    } else if (format == "u") {
      const auto [from, to] = offsets(array.buffers[1], first, length);
      bytes(static_cast<const std::byte*>(array.buffers[2]) + from, static_cast<std::size_t>(to - from));
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

  std::int64_t validity(const ArrowArray& array, std::int64_t first, std::int64_t length) {
    const void* source = array.n_buffers > 0 ? array.buffers[0] : nullptr;
    std::int64_t nulls = 0;
    if (source != nullptr && array.null_count != 0)
      for (std::int64_t i = 0; i < length; ++i) nulls += bit(source, first + i) ? 0 : 1;
    if (nulls == 0)
      bytes(nullptr, 0);
    else
      bits(source, first, length);
    return nulls;
  }

  std::byte* reserve(std::size_t size) {
    out_.buffers.push_back({size_, size});
    std::byte* place = copying_ ? out_.payload.data() + size_ : nullptr;
    size_ += (size + kAlignment - 1) / kAlignment * kAlignment;
    if (size_ > kMaxPayloadBytes)
      throw Error(Code::too_large, "a batch is larger than 2 GiB; use fewer rows at a time");
    return place;
  }

  void bytes(const std::byte* source, std::size_t size) {
    std::byte* place = reserve(size);
    if (place != nullptr && size != 0) std::memcpy(place, source, size);
  }

  void bits(const void* source, std::int64_t first, std::int64_t length) {
    std::byte* place = reserve(bitmap_bytes(length));
    if (place == nullptr || length == 0) return;
    if (first % 8 == 0) {
      std::memcpy(place, static_cast<const std::byte*>(source) + first / 8, bitmap_bytes(length));
      return;
    }
    for (std::int64_t i = 0; i < length; ++i)
      if (bit(source, first + i)) place[i / 8] |= static_cast<std::byte>(1u << (i % 8));
  }

  // Writes the offsets from zero on; answers the range that they had.
  std::pair<std::int32_t, std::int32_t> offsets(const void* source, std::int64_t first, std::int64_t length) {
    std::byte* place = reserve(static_cast<std::size_t>(length + 1) * sizeof(std::int32_t));
    // An array of no rows may leave its offsets out.
    if (length == 0) return {0, 0};
    const auto* from = static_cast<const std::int32_t*>(source) + first;
    if (place != nullptr) {
      auto* to = reinterpret_cast<std::int32_t*>(place);
      for (std::int64_t i = 0; i <= length; ++i) to[i] = from[i] - from[0];
    }
    return {from[0], from[length]};
  }

  const ArrowSchema& schema_;
  const ArrowArray& array_;
  EncodedBatch out_;
  std::uint64_t size_ = 0;
  bool copying_ = false;
};

}  // namespace

nlohmann::json EncodedBatch::descriptor() const {
  return {{"nodes", nodes}, {"buffers", buffers}};
}

EncodedBatch encode_batch(const ArrowSchema& schema, const ArrowArray& array) {
  return Encoder(schema, array).encode();
}

}  // namespace assay::wire
