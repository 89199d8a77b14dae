// SPDX-License-Identifier: Apache-2.0
// Stored bytes that no encoder made: the decoder throws or gives wrong bytes, and the sanitizers see nothing.
#include <random>
#include <string>
#include <vector>

#include "storage/base/error.h"
#include "storage/blob/chunk_codec.h"
#include "tests/support/bytes.h"
#include "tests/support/catch.h"
#include "tests/support/cpus.h"
#include "tests/support/weights.h"

using namespace assay;
using assay::test::as_span;

namespace {

struct Sample {
  ChunkCodec codec;
  std::string stored;
  std::string parent;
  std::string raw;
};

// One of each codec and element, small enough to try many changes.
std::vector<Sample> samples() {
  std::vector<Sample> all;
  ChunkEncoder encoder;
  const auto add = [&](const std::string& raw, Element element, const std::string& parent) {
    const EncodedChunk encoded = encoder.encode(as_span(raw), element, as_span(parent));
    all.push_back({encoded.codec,
                   {reinterpret_cast<const char*>(encoded.bytes.data()), encoded.bytes.size()},
                   parent,
                   raw});
  };
  const std::string table = test::table_bytes(3000, 1);
  add(table, Element::bytes, "");
  add(table, Element::bytes, test::table_bytes(3000, 1).substr(100));
  for (const Element element : {Element::f16, Element::bf16, Element::f32, Element::f64}) {
    const auto before = test::made_weights(1500, 1);
    add(test::stored_as(element, before) + "x", element, "");
    for (const double step : {1e-7, 1e-4})
      add(test::stored_as(element, test::made_fine_tune(before, step, 2)) + "x", element,
          test::stored_as(element, before) + "y");
  }
  return all;
}

// The digest that the caller compares, in short: whether the right bytes came out.
bool decodes(ChunkDecoder& decoder, const Sample& sample, std::string_view stored) {
  // Exactly as long as the chunk, on the heap, so that a write beyond it is seen.
  std::vector<std::byte> raw(sample.raw.size());
  try {
    decoder.decode(static_cast<std::uint32_t>(sample.codec), as_span(stored),
                   uses_parent(sample.codec) ? as_span(sample.parent) : std::span<const std::byte>(), raw);
  } catch (const Error& error) {
    CHECK((error.code() == Code::corrupt || error.code() == Code::unsupported));
    return false;
  }
  return std::equal(raw.begin(), raw.end(), as_span(sample.raw).begin());
}

}  // namespace

TEST_CASE("Hostile chunks: the samples are of every codec and are read") {
  ChunkDecoder decoder;
  bool seen[5] = {};
  for (const Sample& sample : samples()) {
    seen[static_cast<std::size_t>(sample.codec)] = true;
    CHECK(decodes(decoder, sample, sample.stored));
  }
  for (int codec = 1; codec < 5; ++codec) CHECK(seen[codec]);
}

TEST_CASE("Hostile chunks: no truncation and no extension is read") {
  ChunkDecoder decoder;
  for (const Sample& sample : samples()) {
    for (std::size_t size = 0; size < sample.stored.size(); size += 1 + size / 40)
      CHECK_FALSE(decodes(decoder, sample, std::string_view(sample.stored).substr(0, size)));
    CHECK_FALSE(decodes(decoder, sample, sample.stored + '\0'));
  }
}

TEST_CASE("Hostile chunks: flipped bits and random bytes do no harm") {
  for (const Cpu& cpu : test::every_cpu()) {
    const std::uint64_t seed = std::random_device()();
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    ChunkDecoder decoder(cpu);
    for (const Sample& sample : samples()) {
      for (int round = 0; round < 300; ++round) {
        std::string stored = sample.stored;
        // The front has the lengths, so half of the changes go there.
        for (std::uint64_t flips = 1 + random() % 3; flips > 0; --flips) {
          const std::size_t range =
              random() % 2 == 0 ? std::min<std::size_t>(stored.size(), 40) : stored.size();
          stored[random() % range] ^= static_cast<char>(1 << random() % 8);
        }
        decodes(decoder, sample, stored);
      }
      for (int round = 0; round < 30; ++round)
        decodes(decoder, sample, test::random_bytes(random() % 300, random()));
    }
  }
}

TEST_CASE("Hostile chunks: another parent, or one of another length, does no harm") {
  ChunkDecoder decoder;
  for (Sample sample : samples()) {
    if (!uses_parent(sample.codec)) continue;
    const std::string parent = sample.parent;
    for (const std::string& other :
         {std::string(), parent.substr(0, 1), parent + "z", test::random_bytes(parent.size(), 7),
          std::string(parent.size(), '\0')}) {
      sample.parent = other;
      CHECK_FALSE(decodes(decoder, sample, sample.stored));
    }
  }
}

TEST_CASE("Hostile chunks: zstd frames with a checksum, no declared size or a huge window are refused") {
  ChunkDecoder decoder;
  Sample sample = samples()[0];
  REQUIRE(sample.codec == ChunkCodec::zstd);
  for (const int bit : {0, 1, 2, 3, 4}) {  // dictionary id, checksum, reserved
    std::string stored = sample.stored;
    stored[4] = static_cast<char>(stored[4] | 1 << bit);
    CHECK_FALSE(decodes(decoder, sample, stored));
  }
  // The same content after a skippable frame, and twice.
  CHECK_FALSE(decodes(decoder, sample, std::string("\x50\x2A\x4D\x18\0\0\0\0", 8) + sample.stored));
  CHECK_FALSE(decodes(decoder, sample, sample.stored + sample.stored));
}
