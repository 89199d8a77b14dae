// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/codec/hash_bench.h"

#include "storage/base/byte_size.h"
#include "storage/base/paired_sha256.h"
#include "storage/base/sha256.h"
#include "storage/blob/gear.h"
#include "tests/bench/codec/timing.h"

namespace assay::bench {
namespace {

constexpr std::size_t kPart = 64 * kKiB + 1;  // parts rarely end with a block

void paired(const Cpu& cpu, std::span<const std::byte> bytes) {
  PairedSha256 hash(cpu);
  for (std::size_t at = 0; at < bytes.size(); at += kPart) {
    hash.update(bytes.subspan(at, std::min(kPart, bytes.size() - at)));
    hash.finish_part();
  }
  hash.finish();
}

void evp(std::span<const std::byte> bytes) {
  Sha256 hash;
  hash.update(bytes);
  hash.finish();
}

void evp_twice(std::span<const std::byte> bytes) {
  Sha256 whole;
  for (std::size_t at = 0; at < bytes.size(); at += kPart) {
    const auto part = bytes.subspan(at, std::min(kPart, bytes.size() - at));
    whole.update(part);
    Digest::of(part);
  }
  whole.finish();
}

}  // namespace

void bench_hashing(std::span<const std::byte> bytes) {
  print_speed("SHA-256 by EVP, once", bytes.size(), seconds([&] { evp(bytes); }));
  print_speed("SHA-256 by EVP, file and chunks", bytes.size(), seconds([&] { evp_twice(bytes); }));
  print_speed("PairedSha256, SHA instructions if any", bytes.size(),
              seconds([&] { paired(Cpu::here(), bytes); }));
  print_speed("PairedSha256, portable", bytes.size(), seconds([&] { paired(Cpu{}, bytes); }));
}

void bench_cutting(std::string_view name, std::span<const std::byte> bytes) {
  std::size_t chunks = 0;
  const double taken = seconds([&] {
    chunks = 0;
    for (std::size_t at = 0; at < bytes.size(); ++chunks) at += gear_cut(bytes.subspan(at));
  });
  print_speed(
      std::string("gear_cut, ") + std::string(name) + ", average " + byte_size_text(bytes.size() / chunks),
      bytes.size(), taken);
}

}  // namespace assay::bench
