// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/tensor_layout.h"

#include "storage/base/limits.h"
#include "tests/support/bytes.h"
#include "tests/support/catch.h"
#include "tests/support/tensor_file.h"

namespace assay {
namespace {

using test::as_span;
using test::tensor_head;

std::optional<std::vector<TensorSpan>> parse(std::string_view json) {
  return parse_tensor_head(as_span(tensor_head(json)));
}

std::string entry(std::string_view dtype, std::string_view shape, std::string_view offsets) {
  return R"({"dtype":")" + std::string(dtype) + R"(","shape":)" + std::string(shape) + R"(,"data_offsets":)" +
         std::string(offsets) + "}";
}

TEST_CASE("Tensor layout: gives the tensors by offset, with their elements") {
  const std::string json = R"({"__metadata__":{"format":"pt"},"b":)" + entry("F32", "[2,3]", "[4,28]") +
                           R"(,"a":)" + entry("BF16", "[2]", "[0,4]") + R"(,"none":)" +
                           entry("F64", "[0,7]", "[28,28]") + "}   ";
  const auto tensors = parse(json);
  REQUIRE(tensors);
  REQUIRE(tensors->size() == 2);  // an empty one has no place
  CHECK((*tensors)[0].offset == 8 + json.size());
  CHECK((*tensors)[0].size == 4);
  CHECK((*tensors)[0].element == Element::bf16);
  CHECK((*tensors)[1].offset == 8 + json.size() + 4);
  CHECK((*tensors)[1].size == 24);
  CHECK((*tensors)[1].element == Element::f32);
}

TEST_CASE("Tensor layout: a key is name, dtype and shape, and nothing else") {
  const auto key = [](const std::string& json) { return parse(json)->at(0).key; };
  const auto one = key(R"({"a":)" + entry("F32", "[2,3]", "[0,24]") + "}");
  CHECK(one != 0);
  CHECK(key(R"({"__metadata__":{"x":"y"},"a":)" + entry("F32", "[2,3]", "[0,24]") + "}") == one);
  CHECK(key(R"({"b":)" + entry("F32", "[2,3]", "[0,24]") + "}") != one);
  CHECK(key(R"({"a":)" + entry("I32", "[2,3]", "[0,24]") + "}") != one);
  CHECK(key(R"({"a":)" + entry("F32", "[3,2]", "[0,24]") + "}") != one);
  CHECK(key(R"({"a":)" + entry("F32", "[6]", "[0,24]") + "}") != one);
}

TEST_CASE("Tensor layout: every unsound head is no head") {
  const std::string good = entry("F32", "[2]", "[0,8]");
  const std::string deep(20000, '[');
  std::string objects;
  for (int i = 0; i < 20000; ++i) objects += R"({"a":)";
  std::string many_dimensions = "[1";
  for (int i = 0; i < 32; ++i) many_dimensions += ",1";
  const std::vector<std::string> unsound = {
      std::string("{"),
      std::string("[]"),
      std::string("{}x"),
      std::string("{\"a\":1}"),
      std::string("{\"a\":\"text\"}"),
      std::string("{\"a\":[]}"),
      std::string("{\"a\":{}}"),
      std::string("{\"a\":null}"),
      R"({"a":)" + good + "} {}",
      R"({"a":)" + good + ",}",
      R"({"a":)" + entry("F31", "[2]", "[0,8]") + "}",  // unknown dtype
      R"({"a":)" + entry("", "[2]", "[0,8]") + "}",
      R"({"a":)" + entry("F32", "[2]", "[0,9]") + "}",   // size and shape disagree
      R"({"a":)" + entry("F32", "[2]", "[8,0]") + "}",   // backwards
      R"({"a":)" + entry("F32", "[2]", "[8,16]") + "}",  // a hole before it
      R"({"a":)" + entry("F32", "[2]", "[0]") + "}",
      R"({"a":)" + entry("F32", "[2]", "[0,8,8]") + "}",
      R"({"a":)" + entry("F32", "[2]", "[]") + "}",
      R"({"a":)" + entry("F32", "2", "[0,8]") + "}",
      R"({"a":)" + entry("F32", "[-2]", "[0,8]") + "}",
      R"({"a":)" + entry("F32", "[2.0]", "[0,8]") + "}",
      R"({"a":)" + entry("F32", "[[2]]", "[0,8]") + "}",
      R"({"a":)" + entry("F32", "[null]", "[0,8]") + "}",
      R"({"a":)" + entry("F32", "[true]", "[0,8]") + "}",
      R"({"a":)" + entry("F32", "[\"2\"]", "[0,8]") + "}",
      R"({"a":)" + entry("F32", "[{}]", "[0,8]") + "}",
      R"({"a":)" + entry("F32", "[18446744073709551615,2]", "[0,8]") + "}",
      R"({"a":)" + entry("F32", "[4294967296,4294967296]", "[0,0]") + "}",  // 2^64 overflows to 0
      R"({"a":)" + entry("F32", "[2]", "[18446744073709551608,18446744073709551616]") + "}",
      R"({"a":)" + entry("F32", "[2]", "[18446744073709551607,18446744073709551615]") + "}",
      R"({"a":)" + entry("U8", "[1099511627777]", "[0,1099511627777]") + "}",  // beyond the longest blob
      R"({"a":)" + entry("F32", many_dimensions + "]", "[0,4]") + "}",
      R"({"a":)" + good + R"(,"b":)" + entry("F32", "[2]", "[4,12]") + "}",   // overlap
      R"({"a":)" + good + R"(,"b":)" + entry("F32", "[2]", "[0,8]") + "}",    // the same place
      R"({"a":)" + good + R"(,"b":)" + entry("F32", "[2]", "[12,20]") + "}",  // a hole between
      R"({"a":)" + good + R"(,"a":)" + good + "}",                            // a key twice
      R"({"a":{"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]}})",
      R"({"a":{"dtype":"F32","data_offsets":[0,8],"shape":[2],"more":[1]}})",
      R"({"a":{"dtype":"F32","data_offsets":[0,8],"shape":[2],"more":{"x":1}}})",
      R"({"a":{"dtype":"F32","data_offsets":[0,8]},"shape":[2]})",
      R"({"__metadata__":{"x":{"y":"z"}},"a":)" + good + "}",
      R"({"__metadata__":{"x":["y"]},"a":)" + good + "}",
      R"({"__metadata__":{"x":1},"a":)" + good + "}",
      R"({"__metadata__":"text","a":)" + good + "}",
      R"({"a":)" + deep + "}",
      objects,
      std::string("{\"\xFF\xFE\":") + good + "}",  // not UTF-8
      R"({"a)" + std::string(1, '\0') + R"(":)" + good + "}",
  };
  for (const std::string& json : unsound) {
    CAPTURE(json.substr(0, 200));
    CHECK_FALSE(parse(json));
  }
  CHECK(parse(R"({"a":)" + good + "}"));  // so that the above fail for their own reasons
  CHECK(parse("{}")->empty());
}

TEST_CASE("Tensor layout: a length field that lies is no head") {
  const std::string json = R"({"a":)" + entry("F32", "[2]", "[0,8]") + "}";
  std::string head = tensor_head(json);
  REQUIRE(parse_tensor_head(as_span(head)));
  for (const std::uint64_t length :
       {std::uint64_t{0}, std::uint64_t{1}, json.size() - 1, json.size() + 1, std::uint64_t{kMaxTensorHead},
        ~std::uint64_t{0}, ~std::uint64_t{0} - 7, std::uint64_t{1} << 63}) {
    CAPTURE(length);
    put_u64(reinterpret_cast<std::byte*>(head.data()), length);
    CHECK_FALSE(parse_tensor_head(as_span(head)));
  }
  CHECK_FALSE(parse_tensor_head({}));
  CHECK_FALSE(parse_tensor_head(as_span(std::string_view(head).substr(0, 8))));
}

TEST_CASE("Tensor layout: a head may have 16 MiB and not one byte more") {
  const auto padded = [](std::size_t size) {
    std::string json = R"({"a":)" + entry("F32", "[2]", "[0,8]") + "}";
    json.resize(size - 8, ' ');
    return tensor_head(json);
  };
  const std::string largest = padded(kMaxTensorHead);
  CHECK(tensor_head_size(as_span(largest)) == kMaxTensorHead);
  CHECK(parse_tensor_head(as_span(largest)));
  const std::string larger = padded(kMaxTensorHead + 1);
  CHECK_FALSE(tensor_head_size(as_span(larger)));
  CHECK_FALSE(parse_tensor_head(as_span(larger)));
}

}  // namespace
}  // namespace assay
