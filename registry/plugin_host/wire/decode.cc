// SPDX-License-Identifier: Apache-2.0
// The other side may lie. Every number is checked before it is used, and the payload is already a private
// copy, so what was checked is what will be read.
#include <fmt/format.h>

#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "registry/compute/literal.h"
#include "registry/plugin_host/wire/batch.h"
#include "storage/base/error.h"

namespace assay::wire {
namespace {

using nlohmann::json;

[[noreturn]] void malformed(std::string_view what) {
  throw Error(Code::internal, fmt::format("a malformed batch: {}", what));
}

std::uint64_t number(const json& value) {
  if (!value.is_number_integer() || (!value.is_number_unsigned() && value.get<std::int64_t>() < 0))
    malformed("a number is missing or negative");
  return value.get<std::uint64_t>();
}

struct ArrayData {
  Payload payload;
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
  Decoder(const json& descriptor, const Payload& payload) : payload_(payload) {
    const auto nodes = descriptor.find("nodes"), buffers = descriptor.find("buffers");
    if (nodes == descriptor.end() || !nodes->is_array() || buffers == descriptor.end() ||
        !buffers->is_array())
      malformed("no descriptor");
    nodes_ = &*nodes;
    buffers_ = &*buffers;
  }

  ArrayOwner decode(const ArrowSchema& schema) {
    ArrayOwner owner;
    visit(schema, std::nullopt, *owner.get());
    if (next_node_ != nodes_->size() || next_buffer_ != buffers_->size())
      malformed("too many nodes or buffers");
    return owner;
  }

 private:
  void visit(const ArrowSchema& schema, std::optional<std::int64_t> expected, ArrowArray& out) {
    const std::int64_t length = node_length();
    if (expected && length != *expected)
      malformed(fmt::format("column \"{}\" has {} rows where {} are due", schema.name, length, *expected));
    auto* data =
        new ArrayData{payload_, {}, std::vector<ArrowArray>(static_cast<std::size_t>(schema.n_children)), {}};
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
    if (next_node_ >= nodes_->size()) malformed("too few nodes");
    const json& node = (*nodes_)[next_node_++];
    if (!node.is_array() || node.size() != 3) malformed("a node");
    const std::uint64_t length = number(node[0]);
    // A bit a row is the least that a column takes, but a struct takes nothing; bound it by what a payload
    // could hold.
    if (length > kMaxPayloadBytes || number(node[2]) != 0) malformed("a node's length or offset");
    return static_cast<std::int64_t>(length);
  }

  std::span<const std::byte> buffer() {
    if (next_buffer_ >= buffers_->size()) malformed("too few buffers");
    const json& item = (*buffers_)[next_buffer_++];
    if (!item.is_array() || item.size() != 2) malformed("a buffer");
    const std::uint64_t offset = number(item[0]), size = number(item[1]);
    if (size == 0) return {};
    if (offset % kAlignment != 0 || offset > payload_.size() || size > payload_.size() - offset)
      malformed("a buffer lies outside its payload");
    return payload_.bytes().subspan(offset, size);
  }

  // A buffer of exactly the size that the length calls for; never null, so that readers need no special case.
  const std::byte* fixed(std::size_t size) {
    const auto found = buffer();
    if (found.size() != size)
      malformed(fmt::format("a buffer of {} bytes where {} are due", found.size(), size));
    return size == 0 ? kNothing : found.data();
  }

  std::int64_t validity(std::int64_t length, const void*& place) {
    const auto found = buffer();
    if (found.empty()) return 0;
    if (found.size() != static_cast<std::size_t>((length + 7) / 8)) malformed("a validity bitmap's size");
    place = found.data();
    std::int64_t nulls = 0;
    for (std::int64_t i = 0; i < length; ++i)
      nulls +=
          (std::to_integer<unsigned>(found[static_cast<std::size_t>(i / 8)]) >> (i % 8) & 1) == 0 ? 1 : 0;
    return nulls;
  }

  const std::int32_t* read_offsets(std::size_t count) {
    const auto* offsets = reinterpret_cast<const std::int32_t*>(fixed((count + 1) * sizeof(std::int32_t)));
    if (offsets[0] != 0) malformed("offsets do not start at zero");
    for (std::size_t i = 0; i < count; ++i)
      if (offsets[i + 1] < offsets[i]) malformed("offsets go backwards");
    return offsets;
  }

  const std::byte* texts(const ArrowSchema& schema, const std::int32_t* offsets, std::size_t count) {
    const std::byte* bytes = fixed(static_cast<std::size_t>(offsets[count]));
    const auto* text = reinterpret_cast<const char*>(bytes);
    // Value by value: a code point cut in two by an offset is not UTF-8 either.
    for (std::size_t i = 0; i < count; ++i)
      if (!is_utf8({text + offsets[i], static_cast<std::size_t>(offsets[i + 1] - offsets[i])}))
        malformed(fmt::format("column \"{}\" is not UTF-8 in row {}", schema.name, i));
    return bytes;
  }

  alignas(kAlignment) static constexpr std::byte kNothing[kAlignment] = {};

  const Payload& payload_;
  const json* nodes_ = nullptr;
  const json* buffers_ = nullptr;
  std::size_t next_node_ = 0, next_buffer_ = 0;
};

}  // namespace

ArrayOwner decode_batch(const ArrowSchema& schema, const json& descriptor, const Payload& payload) {
  return Decoder(descriptor, payload).decode(schema);
}

}  // namespace assay::wire
