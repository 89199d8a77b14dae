// SPDX-License-Identifier: Apache-2.0
// Ratio and speed, on one core, of the chunk codecs and of what others do, on made-up weights, fine-tunes and
// tables. Machines and moments differ: read the figures as ratios to each other.
#include <fmt/format.h>

#include <cstring>
#include <string>
#include <vector>

#include "storage/base/byte_size.h"
#include "storage/base/limits.h"
#include "storage/blob/chunk_codec.h"
#include "storage/blob/gear.h"
#include "tests/bench/codec/hash_bench.h"
#include "tests/bench/codec/peers.h"
#include "tests/bench/codec/timing.h"
#include "tests/support/bytes.h"
#include "tests/support/weights.h"

using namespace assay;
using assay::test::as_span;

namespace {

constexpr std::size_t kSize = 16 * kMiB;

struct Chunk {
  std::size_t begin;
  std::size_t size;
  ChunkCodec codec;
  std::vector<std::byte> stored;
};

std::size_t next_chunk(std::span<const std::byte> rest, Element element) {
  return element == Element::bytes ? gear_cut(rest) : std::min<std::size_t>(rest.size(), kMaxChunk);
}

std::span<const std::byte> parent_of(std::string_view parent, std::size_t begin, std::size_t size) {
  return parent.empty() ? std::span<const std::byte>() : as_span(parent).subspan(begin, size);
}

void bench_chunks(std::string_view name, Element element, std::string_view raw, std::string_view parent,
                  const Cpu& cpu) {
  ChunkEncoder encoder(cpu);
  ChunkDecoder decoder(cpu);
  std::vector<Chunk> chunks;
  std::size_t stored = 0;
  int uses[5] = {};
  for (std::size_t at = 0; at < raw.size(); at += chunks.back().size) {
    const std::size_t size = next_chunk(as_span(raw).subspan(at), element);
    const auto encoded = encoder.encode(as_span(raw).subspan(at, size), element, parent_of(parent, at, size));
    chunks.push_back({at, size, encoded.codec, {encoded.bytes.begin(), encoded.bytes.end()}});
    stored += encoded.bytes.size();
    ++uses[static_cast<std::size_t>(encoded.codec)];
  }
  const double encode_seconds = bench::seconds([&] {
    for (const Chunk& chunk : chunks)
      encoder.encode(as_span(raw).subspan(chunk.begin, chunk.size), element,
                     parent_of(parent, chunk.begin, chunk.size));
  });
  std::string decoded(raw.size(), '\0');
  const double decode_seconds = bench::seconds([&] {
    for (const Chunk& chunk : chunks)
      decoder.decode(static_cast<std::uint32_t>(chunk.codec), chunk.stored,
                     uses_parent(chunk.codec) ? parent_of(parent, chunk.begin, chunk.size)
                                              : std::span<const std::byte>(),
                     std::as_writable_bytes(std::span(decoded)).subspan(chunk.begin, chunk.size));
  });
  if (decoded != raw) throw std::runtime_error("a chunk did not come back");
  const char* const names[] = {"raw", "zstd", "zstd_prefix", "planes", "difference"};
  std::string label(name);
  for (int codec = 0; codec < 5; ++codec)
    if (uses[codec] > 0) label += fmt::format(" {}", names[codec]);
  bench::print_row(label, raw.size(), stored, encode_seconds, decode_seconds);
}

void bench_peer(std::string_view name, const bench::Peer& peer, std::string_view raw,
                std::string_view parent) {
  std::vector<std::byte> stored;
  const double encode_seconds =
      bench::seconds([&] { stored = bench::encode(peer, as_span(raw), as_span(parent)); });
  std::string decoded(raw.size(), '\0');
  const double decode_seconds = bench::seconds(
      [&] { bench::decode(peer, stored, as_span(parent), std::as_writable_bytes(std::span(decoded))); });
  if (decoded != raw) throw std::runtime_error("a peer's chunk did not come back");
  bench::print_row(name, raw.size(), stored.size(), encode_seconds, decode_seconds);
}

void bench_weights(std::string_view title, Element element) {
  const auto weights = test::made_weights(kSize / width(element), 1);
  const std::string base = test::stored_as(element, weights);
  fmt::print("\n{}, no parent\n", title);
  bench_peer("  zstd -1", {1, 1}, base, "");
  bench_peer("  zstd -3", {3, 1}, base, "");
  bench_peer("  planes + zstd -3", {3, width(element)}, base, "");
  bench_chunks("  assay:", element, base, "", Cpu::here());
  bench_chunks("  assay, portable:", element, base, "", Cpu{});
  for (const double step : {3e-6, 2e-5, 1e-4}) {
    const std::string tuned = test::stored_as(element, test::made_fine_tune(weights, step, 2));
    fmt::print("{}, fine-tuned by {} in 0.02\n", title, step);
    bench_peer("  XOR + planes + zstd -3", {3, width(element)}, tuned, base);
    bench_chunks("  assay:", element, tuned, base, Cpu::here());
    bench_chunks("  assay, portable:", element, tuned, base, Cpu{});
  }
}

// Rows as a data set has them: a key, a few categories, measurements with noise.
std::string made_table(std::size_t size, std::uint64_t seed) {
  test::NearlyGaussian gaussian(seed);
  std::string table;
  for (std::uint64_t row = 0; table.size() < size; ++row)
    table +=
        fmt::format("{},2024-{:02}-{:02},store-{},{:.2f},{:.3f},{:.4f},{}\n", 100000 + row,
                    row / 3000 % 12 + 1, row / 100 % 28 + 1, static_cast<int>(std::abs(gaussian()) * 40),
                    100 + gaussian() * 20, gaussian(), gaussian() * 0.1, gaussian() > 0.5 ? "yes" : "no");
  return table;
}

void bench_tables() {
  const std::string table = made_table(kSize, 1);
  fmt::print("\nCSV, gear chunks (the peers: 1 MiB chunks)\n");
  bench_peer("  zstd -1", {1, 1}, table, "");
  bench_peer("  zstd -3", {3, 1}, table, "");
  bench_chunks("  assay:", Element::bytes, table, "", Cpu::here());
  std::string changed = table;
  for (std::size_t at = 1000; at < changed.size(); at += 20000) changed[at] = '7';
  bench_chunks("  assay, scattered edits:", Element::bytes, changed, table, Cpu::here());
  bench_chunks("  assay, random bytes:", Element::bytes, test::random_bytes(kSize, 3), "", Cpu::here());
}

}  // namespace

int main() {
  const std::string weights = test::stored_as(Element::bf16, test::made_weights(kSize / 2, 1));
  bench::bench_hashing(as_span(weights));
  bench::bench_cutting("weights", as_span(weights));
  bench::bench_cutting("CSV", as_span(made_table(kSize, 1)));
  bench_weights("bf16", Element::bf16);
  bench_weights("f32", Element::f32);
  bench_tables();
}
