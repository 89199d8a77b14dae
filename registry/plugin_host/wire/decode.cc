// SPDX-License-Identifier: Apache-2.0
// The other side may lie. Every number is checked before it is used. The payload is a private copy already, and so is
// what the host took from a worker's arena, so what was checked is what will be read.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "registry/compute/literal.h"
#include "registry/plugin_host/wire/batch.h"
#include "storage/base/error.h"

namespace assay::wire {
namespace {

[[noreturn]] void malformed(std::string_view what) {
  throw Error(Code::internal, fmt::format("a malformed batch: {}", what));
}

// What the arrays of one batch point into.
struct Memory {
  Payload payload;
  Arenas arenas;
};

// The words of a payload, and what follows them.
struct Words {
  explicit Words(const Payload& payload) {
    const std::size_t there = payload.size() / sizeof(std::uint64_t);
    all = {reinterpret_cast<const std::uint64_t*>(payload.data()), there};
    if (there < 2 || all[0] > there || all[1] > there ||
        2 + all[0] * kNodeWords + all[1] * kBufferWords > there)
      malformed("no descriptor");
    nodes = all.subspan(2, all[0] * kNodeWords);
    buffers = all.subspan(2 + nodes.size(), all[1] * kBufferWords);
    const std::size_t head =
        ((2 + nodes.size() + buffers.size()) * sizeof(std::uint64_t) + kAlignment - 1) / kAlignment * kAlignment;
    rest = payload.bytes().subspan(std::min(head, payload.size()));
  }
  std::span<const std::uint64_t> all, nodes, buffers;
  std::span<const std::byte> rest;
};

struct ArrayData {
  std::shared_ptr<const Memory> memory;
  std::array<const void*, 3> buffers{};
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> pointers;
};

void release(ArrowArray* array) {
  auto* data = static_cast<ArrayData*>(array->private_data);
  for (ArrowArray& child : data->children)
    if (child.release != nullptr) child.release(&child);
  delete data;
  array->release = nullptr;
}

class Decoder {
 public:
  Decoder(const Payload& payload, const Arenas& arenas)
      : memory_(std::make_shared<const Memory>(Memory{payload, arenas})), words_(memory_->payload) {}

  ArrayOwner decode(const ArrowSchema& schema) {
    ArrayOwner owner;
    visit(schema, std::nullopt, *owner.get());
    if (next_node_ != words_.nodes.size() || next_buffer_ != words_.buffers.size())
      malformed("too many nodes or buffers");
    return owner;
  }

 private:
  void visit(const ArrowSchema& schema, std::optional<std::int64_t> expected, ArrowArray& out) {
    const std::int64_t length = node_length();
    if (expected && length != *expected)
      malformed(fmt::format("column \"{}\" has {} rows where {} are due", schema.name, length, *expected));
    auto* data =
        new ArrayData{memory_, {}, std::vector<ArrowArray>(static_cast<std::size_t>(schema.n_children)), {}};
    for (ArrowArray& child : data->children) data->pointers.push_back(&child);
    out = {};
    out.length = length;
    out.buffers = data->buffers.data();
    out.n_children = schema.n_children;
    out.children = data->pointers.data();
    out.release = release;
    out.private_data = data;
    // From here on `out` owns what a failure leaves behind.
    out.null_count = validity(length, data->buffers[0]);
    values(schema, length, out, *data);
  }

  void values(const ArrowSchema& schema, std::int64_t length, ArrowArray& out, ArrayData& data) {
    const std::string_view format = schema.format;
    const auto count = static_cast<std::size_t>(length);
    out.n_buffers = format == "+s" ? 1 : format == "u" ? 3 : 2;
    if (format == "g" || format == "l") {
      data.buffers[1] = fixed(count * 8);
    } else if (format == "b") {
      data.buffers[1] = fixed((count + 7) / 8);
    } else if (format == "u") {
      const std::int32_t* offsets = read_offsets(count);
      data.buffers[1] = offsets;
      data.buffers[2] = texts(schema, offsets, count);
    } else if (format == "+l") {
      const std::int32_t* offsets = read_offsets(count);
      data.buffers[1] = offsets;
      visit(*schema.children[0], offsets[count], data.children[0]);
    } else {
      for (std::size_t i = 0; i < data.children.size(); ++i)
        visit(*schema.children[i], length, data.children[i]);
    }
  }

  std::int64_t node_length() {
    if (next_node_ >= words_.nodes.size()) malformed("too few nodes");
    const std::uint64_t length = words_.nodes[next_node_];
    next_node_ += kNodeWords;
    // A bit a row is the least that a column takes, but a struct takes nothing; bound it by what a payload
    // could hold.
    if (length > kMaxPayloadBytes) malformed("a node's length");
    return static_cast<std::int64_t>(length);
  }

  std::span<const std::byte> buffer(std::size_t alignment = sizeof(std::uint64_t)) {
    if (next_buffer_ >= words_.buffers.size()) malformed("too few buffers");
    const std::uint64_t *item = &words_.buffers[next_buffer_], arena = item[0], offset = item[1], size = item[2];
    next_buffer_ += kBufferWords;
    if (size == 0) return {};
    const std::span<const std::byte> from = bytes_of(arena);
    if (offset % alignment != 0 || offset > from.size() || size > from.size() - offset)
      malformed("a buffer lies outside its memory");
    return from.subspan(offset, size);
  }

  std::span<const std::byte> bytes_of(std::uint64_t arena) const {
    if (arena == 0) return words_.rest;
    for (const SharedBytes& each : memory_->arenas)
      if (each.arena == arena) return each.bytes;
    malformed("a buffer lies in unknown memory");
  }

  // A buffer of exactly the size that the length calls for; never null, so that readers need no special case.
  const std::byte* fixed(std::size_t size, std::size_t alignment = sizeof(std::uint64_t)) {
    const auto found = buffer(alignment);
    if (found.size() != size)
      malformed(fmt::format("a buffer of {} bytes where {} are due", found.size(), size));
    return size == 0 ? kNothing : found.data();
  }

  std::int64_t validity(std::int64_t length, const void*& place) {
    const auto found = buffer();
    if (found.empty()) return 0;
    if (found.size() != static_cast<std::size_t>((length + 7) / 8)) malformed("a validity bitmap's size");
    place = found.data();
    std::int64_t set = 0;
    for (std::int64_t i = 0; i < length / 8; ++i)
      set += std::popcount(std::to_integer<std::uint8_t>(found[static_cast<std::size_t>(i)]));
    for (std::int64_t i = length / 8 * 8; i < length; ++i)
      set += std::to_integer<unsigned>(found[static_cast<std::size_t>(i / 8)]) >> (i % 8) & 1;
    return length - set;
  }

  const std::int32_t* read_offsets(std::size_t count) {
    const auto* offsets = reinterpret_cast<const std::int32_t*>(fixed((count + 1) * sizeof(std::int32_t)));
    if (offsets[0] != 0) malformed("offsets do not start at zero");
    for (std::size_t i = 0; i < count; ++i)
      if (offsets[i + 1] < offsets[i]) malformed("offsets go backwards");
    return offsets;
  }

  const std::byte* texts(const ArrowSchema& schema, const std::int32_t* offsets, std::size_t count) {
    const std::byte* bytes = fixed(static_cast<std::size_t>(offsets[count]), 1);
    const auto* text = reinterpret_cast<const char*>(bytes);
    // Value by value: a code point cut in two by an offset is not UTF-8 either.
    for (std::size_t i = 0; i < count; ++i)
      if (!is_utf8({text + offsets[i], static_cast<std::size_t>(offsets[i + 1] - offsets[i])}))
        malformed(fmt::format("column \"{}\" is not UTF-8 in row {}", schema.name, i));
    return bytes;
  }

  alignas(kAlignment) static constexpr std::byte kNothing[kAlignment] = {};

  std::shared_ptr<const Memory> memory_;
  Words words_;
  std::size_t next_node_ = 0, next_buffer_ = 0;  // in words
};

}  // namespace

ArrayOwner decode_batch(const ArrowSchema& schema, const Payload& payload, const Arenas& arenas) {
  return Decoder(payload, arenas).decode(schema);
}

std::uint64_t extent_in(const Payload& payload, std::uint64_t arena) {
  const Words words(payload);
  std::uint64_t end = 0;
  for (std::size_t i = 0; i < words.buffers.size(); i += kBufferWords) {
    const std::uint64_t offset = words.buffers[i + 1], size = words.buffers[i + 2];
    if (words.buffers[i] != arena || size == 0) continue;
    if (size > kMaxPayloadBytes || offset > kMaxPayloadBytes) malformed("a buffer lies outside its memory");
    end = std::max(end, offset + size);
  }
  return end;
}

}  // namespace assay::wire
