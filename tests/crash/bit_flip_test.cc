// SPDX-License-Identifier: Apache-2.0
// Flips one bit of a store's files at a time: a read fails or fsck says so, and no wrong byte is ever given
// out.
#include <iostream>
#include <map>
#include <random>

#include "storage/base/error.h"
#include "storage/blob/fsck.h"
#include "storage/blob/local_blob_store.h"
#include "tests/crash/campaign.h"
#include "tests/crash/promises.h"
#include "tests/support/bytes.h"
#include "tests/support/catch.h"
#include "tests/support/simulated_disk.h"
#include "tests/support/tensor_file.h"
#include "tests/support/weights.h"

namespace assay {
namespace {

using test::SimulatedDisk;

struct Store {
  SimulatedDisk::Tree tree;
  std::vector<std::string> blobs;
};

std::string model(const std::vector<float>& weights) {
  return test::tensor_file({{"w", "BF16", {weights.size()}, test::stored_as(Element::bf16, weights)}});
}

// Every kind of record and codec, sealed packs and an open one, and a list of the dead.
Store made_store() {
  SimulatedDisk disk;
  SystemEntropy entropy;
  Store made;
  const auto weights = test::made_weights(10'000, 1);
  made.blobs = {"",
                "short",
                test::table_bytes(40'000, 1),
                model(weights),
                model(test::made_fine_tune(weights, 1e-5, 2)),
                test::random_bytes(70'000, 3)};
  std::string edited = made.blobs[2];
  edited.insert(20'000, "one row more\n");
  {
    LocalBlobStore store(disk, entropy, 0, test::kSmallPacks);
    for (const std::string& bytes : made.blobs) put(store, bytes);
    const auto upload = store.begin_upload({.parents = {Digest::of(made.blobs[2])}});
    upload->write(test::as_span(edited));
    upload->finish();
    made.blobs.push_back(edited);
  }
  LocalBlobStore store(disk, entropy, 0);
  for (const char* bytes : {"in an open pack", "and another"}) {
    put(store, bytes);
    made.blobs.push_back(bytes);
  }
  disk.create("dead/0123456789abcdef0123456789abcdef")
      ->append(encode_dead_list({{std::string(32, 'a'), Digest::of("a dead blob")}}));
  made.tree = disk.tree();
  return made;
}

bool is_refusal(const Error& error) {
  return error.code() == Code::corrupt || error.code() == Code::unsupported ||
         error.code() == Code::not_found;
}

enum class Seen { when_read, by_fsck, not_at_all, wrong };

// Reads everything; whether anything failed.
Seen read_everything(const SimulatedDisk::Tree& tree, const std::vector<std::string>& blobs) {
  SimulatedDisk disk(tree);
  SystemEntropy entropy;
  Seen seen = Seen::not_at_all;
  try {
    LocalBlobStore store(disk, entropy, 0);
    for (const std::string& bytes : blobs) {
      try {
        if (read_all(store, Digest::of(bytes), bytes.size()) != bytes) return Seen::wrong;
      } catch (const Error& error) {
        if (!is_refusal(error)) return Seen::wrong;
        seen = Seen::when_read;
      }
    }
  } catch (const Error& error) {
    return is_refusal(error) ? Seen::when_read : Seen::wrong;
  }
  return seen;
}

Seen flip(const Store& store, const std::string& path, std::uint64_t bit) {
  SimulatedDisk::Tree tree = store.tree;
  char& byte = tree.at(path)[bit / 8];
  byte = static_cast<char>(byte ^ (1 << bit % 8));
  const Seen seen = read_everything(tree, store.blobs);
  if (seen != Seen::not_at_all) return seen;
  SimulatedDisk disk(tree);
  std::vector<Digest> required;
  for (const std::string& bytes : store.blobs) required.push_back(Digest::of(bytes));
  return fsck(disk, {.required = required}).clean() ? Seen::not_at_all : Seen::by_fsck;
}

struct Flips {
  std::size_t flips = 0, when_read = 0, by_fsck = 0;
  std::string missed;
};

// Random bits; each file gets its share and at least one.
Flips flip_randomly(const Store& store, std::uint64_t seed, std::size_t flips) {
  std::mt19937_64 random(seed);
  std::vector<std::string> files;
  for (const auto& [path, bytes] : store.tree)
    if (!bytes.empty()) files.push_back(path);
  Flips result;
  for (std::size_t i = 0; i < flips; ++i) {
    const std::string& path = files[i % files.size()];
    const std::uint64_t bit = random() % (8 * store.tree.at(path).size());
    const Seen seen = flip(store, path, bit);
    ++result.flips;
    result.when_read += seen == Seen::when_read;
    result.by_fsck += seen == Seen::by_fsck;
    if (result.missed.empty() && (seen == Seen::not_at_all || seen == Seen::wrong))
      result.missed = "bit " + std::to_string(bit) + " of " + path +
                      (seen == Seen::wrong ? ": wrong bytes or a strange error" : ": not seen");
  }
  return result;
}

TEST_CASE("Only checked bytes: a store that nobody touched is read, and clean") {
  const Store store = made_store();
  CHECK(read_everything(store.tree, store.blobs) == Seen::not_at_all);
  SimulatedDisk disk(store.tree);
  CHECK(fsck(disk).clean());
}

TEST_CASE("Only checked bytes: a flipped bit anywhere is seen and gives no wrong byte") {
  const Store store = made_store();
  const std::uint64_t seed = std::random_device()();
  CAPTURE(seed);
  const Flips flips = flip_randomly(store, seed, 60);
  CHECK(flips.missed == "");
  CHECK(flips.when_read + flips.by_fsck == flips.flips);
}

TEST_CASE("Only checked bytes: a bit of each of a pack's first and last bytes is seen") {
  const Store store = made_store();
  bool had_sealed = false;
  for (const auto& [path, bytes] : store.tree) {
    if (!path.ends_with(".pack") && !path.ends_with(".open")) continue;
    if (path.ends_with(".pack") && std::exchange(had_sealed, true)) continue;
    std::string missed;
    for (std::uint64_t at = 0; at < 40; ++at)
      for (const std::uint64_t byte : {at, bytes.size() - 1 - at}) {
        const std::uint64_t bit = 8 * byte + at % 8;
        const Seen seen = flip(store, path, bit);
        if (seen != Seen::when_read && seen != Seen::by_fsck) missed += " " + std::to_string(bit);
      }
    CHECK(missed == "");
  }
}

// A bit of a pack's header, which is no record's.
void flip_header(const Store& store, const std::string& path, std::uint64_t bit) {
  CAPTURE(path, bit);
  SimulatedDisk::Tree tree = store.tree;
  char& byte = tree.at(path)[bit / 8];
  byte = static_cast<char>(byte ^ (1 << bit % 8));
  CHECK(read_everything(tree, store.blobs) == Seen::not_at_all);
  if (!path.ends_with(".pack")) return;
  SimulatedDisk disk(tree);
  const FsckReport report = fsck(disk);
  REQUIRE(report.problems.size() == 1);
  CHECK(report.problems[0].path == path);
  CHECK(report.blobs == store.blobs.size());
}

TEST_CASE("Only checked bytes: whatever bit of a pack's header is wrong, all that is stored can be read") {
  const Store store = made_store();
  std::size_t packs = 0;
  for (const auto& [path, bytes] : store.tree) {
    if (!path.ends_with(".pack") && !path.ends_with(".open")) continue;
    ++packs;
    for (std::uint64_t bit = packs % 3; bit < 8 * kPackHeaderSize; bit += 3) flip_header(store, path, bit);
  }
  CHECK(packs > 2);
}

TEST_CASE("Only checked bytes: a file cut off anywhere gives no wrong byte") {
  const Store store = made_store();
  std::mt19937_64 random(1);
  for (const auto& [path, bytes] : store.tree) {
    if (bytes.empty()) continue;
    for (int i = 0; i < 3; ++i) {
      SimulatedDisk::Tree tree = store.tree;
      tree.at(path).resize(random() % bytes.size());
      CAPTURE(path, tree.at(path).size());
      CHECK(read_everything(tree, store.blobs) != Seen::wrong);
    }
  }
}

TEST_CASE("Negative control: a bit that is not looked at is caught") {
  Store store = made_store();
  store.tree["tmp/unfinished"] = "x";
  CHECK(flip(store, "tmp/unfinished", 0) == Seen::not_at_all);
}

TEST_CASE("Campaign: bit flips", "[.campaign]") {
  const Store store = made_store();
  const Flips flips = flip_randomly(store, 1, test::cycles(1000));
  std::cout << "bit flips: " << flips.flips << ", seen when read: " << flips.when_read
            << ", by fsck alone: " << flips.by_fsck
            << ", missed: " << flips.flips - flips.when_read - flips.by_fsck << '\n';
  CHECK(flips.missed == "");
}

}  // namespace
}  // namespace assay
