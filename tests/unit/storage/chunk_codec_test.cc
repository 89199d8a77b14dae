// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/chunk_codec.h"

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "storage/base/error.h"
#include "storage/base/limits.h"
#include "tests/support/bytes.h"
#include "tests/support/catch.h"
#include "tests/support/cpus.h"
#include "tests/support/weights.h"

using namespace assay;
using assay::test::as_span;

namespace {

constexpr Element kFloats[] = {Element::f16, Element::bf16, Element::f32, Element::f64};
constexpr Element kElements[] = {Element::bytes, Element::f16, Element::bf16, Element::f32, Element::f64};

struct Stored {
  ChunkCodec codec;
  std::string bytes;
};

std::string text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Stored encode(ChunkEncoder& encoder, std::string_view raw, Element element, std::string_view parent = {}) {
  const EncodedChunk encoded = encoder.encode(as_span(raw), element, as_span(parent));
  return {encoded.codec, text(encoded.bytes)};
}

std::string decode(ChunkDecoder& decoder, const Stored& stored, std::size_t size,
                   std::string_view parent = {}) {
  std::string raw(size, '\xA5');
  decoder.decode(static_cast<std::uint32_t>(stored.codec), as_span(stored.bytes),
                 uses_parent(stored.codec) ? as_span(parent) : std::span<const std::byte>(),
                 std::as_writable_bytes(std::span(raw)));
  return raw;
}

std::string weights(Element element, std::size_t count, std::uint64_t seed = 1) {
  return test::stored_as(element, test::made_weights(count, seed));
}

std::string tuned(Element element, std::size_t count, double step, std::uint64_t seed = 1) {
  return test::stored_as(element, test::made_fine_tune(test::made_weights(count, seed), step, seed + 1));
}

// Bit patterns that arithmetic on values would not bring back: NaNs with payloads, both zeros, denormals,
// infinities.
std::string odd_floats(Element element, std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const std::size_t bytes = width(element);
  std::string all;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t words[] = {0,        std::uint64_t{1} << (8 * bytes - 1),
                                   1,        ~std::uint64_t{0},
                                   random(), random() | std::uint64_t{0x7F80} << (8 * bytes - 16)};
    all.append(reinterpret_cast<const char*>(&words[random() % 6]), bytes);
  }
  return all;
}

}  // namespace

TEST_CASE("Chunk codec: every size comes back, as any element, with and without a parent") {
  ChunkEncoder encoder;
  ChunkDecoder decoder;
  for (const Element element : kElements)
    for (const std::size_t size :
         {0, 1, 2, 3, 7, 8, 9, 63, 64, 127, 129, 1000, 4096, 65537, 262144, 1048575, 1048576}) {
      CAPTURE(static_cast<int>(element), size);
      const std::string raw = tuned(element, size / 2 + 4, 1e-4).substr(0, size);
      const std::string parent = weights(element, size / 2 + 4).substr(0, size);
      const Stored alone = encode(encoder, raw, element);
      CHECK(alone.bytes.size() <= size);
      CHECK((decode(decoder, alone, size) == raw));
      const Stored against = encode(encoder, raw, element, parent);
      CHECK(against.bytes.size() <= size);
      CHECK((decode(decoder, against, size, parent) == raw));
    }
}

TEST_CASE("Chunk codec: NaNs, negative zero and denormals keep their bits") {
  ChunkEncoder encoder;
  ChunkDecoder decoder;
  for (const Element element : kFloats) {
    const std::string raw = odd_floats(element, 5000, 1);
    const std::string parent = odd_floats(element, 5000, 2);
    for (const std::string& other : {parent, raw, std::string()}) {
      const Stored stored = encode(encoder, raw, element, other);
      CHECK((decode(decoder, stored, raw.size(), other) == raw));
    }
  }
}

TEST_CASE("Chunk codec: difference brings back any floats against any parent") {
  for (const Cpu& cpu : test::every_cpu()) {
    ZstdEncoder zstd;
    ZstdDecoder zstd_decoder;
    DifferenceCodec codec(cpu);
    for (const Element element : kFloats)
      for (const std::size_t count : {1, 63, 64, 65, 5000}) {
        const std::string raw = odd_floats(element, count, 3) + "ab";
        for (const std::string& parent :
             {odd_floats(element, count, 4) + "cd", raw, std::string(raw.size(), '\0')}) {
          std::string stored(2 * raw.size() + 1000, '\0');
          const auto size = codec.encode(zstd, as_span(raw), element, as_span(parent),
                                         std::as_writable_bytes(std::span(stored)));
          REQUIRE(size.has_value());
          std::string decoded(raw.size(), '\xA5');
          codec.decode(zstd_decoder, as_span(stored).first(*size), as_span(parent),
                       std::as_writable_bytes(std::span(decoded)));
          CHECK((decoded == raw));
        }
      }
  }
}

TEST_CASE("Chunk codec: trained bf16 weights take two thirds") {
  ChunkEncoder encoder;
  const std::string raw = weights(Element::bf16, kMaxChunk / 2);
  const Stored stored = encode(encoder, raw, Element::bf16);
  CHECK(stored.codec == ChunkCodec::planes);
  CHECK(static_cast<double>(stored.bytes.size()) < 0.68 * static_cast<double>(raw.size()));
}

TEST_CASE("Chunk codec: a fine-tune is stored against its parent, and a stranger is not") {
  ChunkEncoder encoder;
  for (const Element element : kFloats) {
    const std::size_t count = kMaxChunk / 4 / width(element);
    const std::string raw = tuned(element, count, 1e-5);
    CHECK(encode(encoder, raw, element, weights(element, count)).codec == ChunkCodec::difference);
    CHECK(encode(encoder, raw, element, weights(element, count, 99)).codec == ChunkCodec::planes);
    CHECK(encode(encoder, raw, element, weights(element, count + 1)).codec == ChunkCodec::planes);
  }
}

TEST_CASE("Chunk codec: an equal parent leaves next to nothing, and so does a constant") {
  ChunkEncoder encoder;
  for (const Element element : kFloats) {
    const std::string raw = weights(element, kMaxChunk / width(element));
    CHECK(encode(encoder, raw, element, raw).bytes.size() < 400);
    CHECK(encode(encoder, std::string(kMaxChunk, '\0'), element).bytes.size() < 200);
  }
}

TEST_CASE("Chunk codec: random bytes are stored as they are") {
  ChunkEncoder encoder;
  const std::string raw = test::random_bytes(kMaxChunk, 5);
  for (const Element element : kElements) CHECK(encode(encoder, raw, element).codec == ChunkCodec::raw);
}

TEST_CASE("Chunk codec: tables are compressed, and what the parent has is not stored again") {
  ChunkEncoder encoder;
  ChunkDecoder decoder;
  const std::string raw = test::table_bytes(200000, 1);
  const Stored alone = encode(encoder, raw, Element::bytes);
  CHECK(alone.codec == ChunkCodec::zstd);
  const std::string parent = test::random_bytes(kMaxParent - raw.size(), 6).insert(1000, raw);
  const Stored against = encode(encoder, raw, Element::bytes, parent);
  CHECK(against.codec == ChunkCodec::zstd_prefix);
  CHECK(against.bytes.size() < 400);
  CHECK((decode(decoder, against, raw.size(), parent) == raw));
}

TEST_CASE("Chunk codec: floats that repeat are compressed as bytes") {
  ChunkEncoder encoder;
  std::string raw;
  while (raw.size() < kMaxChunk) raw += weights(Element::f32, 1024);
  CHECK(encode(encoder, raw, Element::f32).bytes.size() < 20000);
}

TEST_CASE("Chunk codec: portable and vector code make the same bytes and read each other's") {
  ChunkEncoder portable(Cpu{});
  ChunkDecoder portable_decoder(Cpu{});
  for (const Cpu& cpu : test::every_cpu())
    for (const Element element : kFloats)
      for (const double step : {1e-7, 1e-5, 1e-3})
        for (const std::size_t count : {100, 4096, 100001}) {
          ChunkEncoder vector(cpu);
          ChunkDecoder vector_decoder(cpu);
          const std::string parent = weights(element, count);
          const std::string raw = tuned(element, count, step);
          const Stored one = encode(portable, raw, element, parent);
          const Stored other = encode(vector, raw, element, parent);
          CHECK(one.codec == other.codec);
          CHECK((one.bytes == other.bytes));
          CHECK((decode(vector_decoder, one, raw.size(), parent) == raw));
          CHECK((decode(portable_decoder, one, raw.size(), parent) == raw));
        }
}

TEST_CASE("Chunk codec: refuses what it does not know, and chunks beyond the limits") {
  ChunkEncoder encoder;
  ChunkDecoder decoder;
  std::string raw(10, '\0');
  const auto target = std::as_writable_bytes(std::span(raw));
  const auto code_of = [&](std::uint32_t codec, std::string_view stored, std::string_view parent) {
    try {
      decoder.decode(codec, as_span(stored), as_span(parent), target);
    } catch (const Error& error) {
      return error.code();
    }
    return Code::internal;
  };
  CHECK(code_of(5, "0123456789", "") == Code::unsupported);
  CHECK(code_of(0xFFFFFFFF, "0123456789", "") == Code::unsupported);
  CHECK(code_of(3, "\x09", "") == Code::unsupported);
  CHECK(code_of(4, "\x09", "0123456789") == Code::unsupported);
  CHECK(code_of(0, "012345678", "") == Code::corrupt);
  CHECK(code_of(1, "", "") == Code::corrupt);
  CHECK(code_of(3, "", "") == Code::corrupt);
  CHECK(code_of(4, "\x02", "012345678") == Code::corrupt);
  CHECK(code_of(0, "0123456789", std::string(kMaxParent + 1, 'x')) == Code::corrupt);
  CHECK_THROWS_AS(encode(encoder, std::string(kMaxChunk + 1, 'x'), Element::bytes), Error);
  CHECK_THROWS_AS(encode(encoder, "ab", Element::bytes, std::string(kMaxParent + 1, 'x')), Error);
}
