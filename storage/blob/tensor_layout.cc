// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/tensor_layout.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "storage/base/limits.h"
#include "storage/base/little_endian.h"

namespace assay {
namespace {

constexpr std::size_t kLengthField = 8;

struct Dtype {
  std::string_view name;
  std::uint64_t width;
  Element element;
};

constexpr Dtype kDtypes[] = {
    {"F64", 8, Element::f64},   {"F32", 4, Element::f32},       {"F16", 2, Element::f16},
    {"BF16", 2, Element::bf16}, {"F8_E4M3", 1, Element::bytes}, {"F8_E5M2", 1, Element::bytes},
    {"I64", 8, Element::bytes}, {"U64", 8, Element::bytes},     {"I32", 4, Element::bytes},
    {"U32", 4, Element::bytes}, {"I16", 2, Element::bytes},     {"U16", 2, Element::bytes},
    {"I8", 1, Element::bytes},  {"U8", 1, Element::bytes},      {"BOOL", 1, Element::bytes}};

class Fnv {
 public:
  void add(std::string_view bytes) {
    for (const char c : bytes) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
    hash_ = (hash_ ^ 0) * 0x100000001B3u;  // a zero byte ends each part
  }
  std::uint64_t value() const { return hash_ == 0 ? 1 : hash_; }

 private:
  std::uint64_t hash_ = 0xCBF29CE484222325u;
};

// One entry of the head while it is being read.
struct Entry {
  std::string name;
  std::string dtype;
  std::vector<std::uint64_t> shape;
  std::vector<std::uint64_t> offsets;
};

// Reads {name: {"dtype": text, "shape": [number…], "data_offsets": [begin, end]}…} as a stream, so that
// memory is bounded by what is kept. Answering false ends the parse.
class HeadReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit HeadReader(std::uint64_t data_start) : data_start_(data_start) {}

  std::vector<TensorSpan> take() { return std::move(tensors_); }

  bool start_object(std::size_t) override {
    if (list_ != nullptr || ++depth_ > 2) return false;
    if (depth_ == 2) entry_ = Entry{std::move(key_), {}, {}, {}};
    return true;
  }
  bool end_object() override { return --depth_ == 0 || metadata_ || add(); }
  bool key(std::string& text) override {
    key_ = std::move(text);
    if (depth_ == 1) metadata_ = key_ == "__metadata__";
    return true;
  }
  bool string(std::string& text) override {
    if (depth_ != 2 || list_ != nullptr) return false;
    if (!metadata_ && key_ == "dtype") entry_.dtype = std::move(text);
    return true;
  }
  bool start_array(std::size_t) override {
    if (depth_ != 2 || list_ != nullptr || metadata_) return false;
    list_ = key_ == "shape" ? &entry_.shape : key_ == "data_offsets" ? &entry_.offsets : nullptr;
    return list_ != nullptr;
  }
  bool end_array() override {
    list_ = nullptr;
    return true;
  }
  bool number_unsigned(std::uint64_t number) override {
    if (list_ == nullptr || list_->size() == kMaxDimensions) return false;
    list_->push_back(number);
    return true;
  }
  bool null() override { return false; }
  bool boolean(bool) override { return false; }
  bool number_integer(std::int64_t) override { return false; }
  bool number_float(double, const std::string&) override { return false; }
  bool binary(nlohmann::json::binary_t&) override { return false; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override {
    return false;
  }

 private:
  static constexpr std::size_t kMaxDimensions = 32;

  bool add() {
    const auto dtype = std::find_if(std::begin(kDtypes), std::end(kDtypes),
                                    [&](const Dtype& known) { return known.name == entry_.dtype; });
    if (dtype == std::end(kDtypes) || entry_.offsets.size() != 2) return false;
    Fnv hash;
    hash.add(entry_.name);
    hash.add(entry_.dtype);
    std::uint64_t size = dtype->width;
    for (const std::uint64_t dimension : entry_.shape) {
      hash.add(std::to_string(dimension));
      if (dimension != 0 && size > kMaxBlobSize / dimension) return false;
      size *= dimension;
    }
    const auto [begin, end] = std::pair(entry_.offsets[0], entry_.offsets[1]);
    if (begin > kMaxBlobSize || end < begin || end - begin != size) return false;
    if (size > 0) tensors_.push_back({data_start_ + begin, size, dtype->element, hash.value()});
    return true;
  }

  const std::uint64_t data_start_;
  std::vector<TensorSpan> tensors_;
  Entry entry_;
  std::string key_;
  std::vector<std::uint64_t>* list_ = nullptr;  // the array being read
  int depth_ = 0;
  bool metadata_ = false;
};

}  // namespace

std::optional<std::size_t> tensor_head_size(std::span<const std::byte> start) {
  if (start.size() < kTensorHeadPrefix || start[kLengthField] != std::byte{'{'}) return std::nullopt;
  const std::uint64_t stated = get_u64(start.data());
  if (stated < 2 || stated > kMaxTensorHead - kLengthField) return std::nullopt;
  return kLengthField + stated;
}

std::optional<std::vector<TensorSpan>> parse_tensor_head(std::span<const std::byte> head) {
  if (tensor_head_size(head) != head.size()) return std::nullopt;
  const char* const text = reinterpret_cast<const char*>(head.data());
  HeadReader reader(head.size());
  if (!nlohmann::json::sax_parse(text + kLengthField, text + head.size(), &reader)) return std::nullopt;
  std::vector<TensorSpan> tensors = reader.take();
  std::sort(tensors.begin(), tensors.end(), [](const auto& a, const auto& b) { return a.offset < b.offset; });
  std::uint64_t expected = head.size();
  for (const TensorSpan& tensor : tensors) {
    if (tensor.offset != expected) return std::nullopt;
    expected += tensor.size;
  }
  return tensors;
}

}  // namespace assay
