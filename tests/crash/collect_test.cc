// SPDX-License-Identifier: Apache-2.0
// "Live stays": collections whose every step fails, loses power, or has an upload, a reader or a lease come
// between; and uploads between whose steps a whole collection runs. Single-threaded, so that each
// interleaving is tried.
#include <cerrno>
#include <functional>
#include <set>

#include "storage/base/error.h"
#include "storage/blob/collect_garbage.h"
#include "storage/blob/fsck.h"
#include "storage/blob/local_blob_store.h"
#include "storage/blob/marks.h"
#include "storage/blob/pack_loader.h"
#include "storage/blob/pack_upload.h"
#include "storage/blob/recipe_walk.h"
#include "storage/blob/repair.h"
#include "tests/crash/promises.h"
#include "tests/support/bytes.h"
#include "tests/support/catch.h"
#include "tests/support/hooked_files.h"
#include "tests/support/pack_files.h"
#include "tests/support/simulated_disk.h"
#include "tests/support/tensor_file.h"
#include "tests/support/weights.h"

namespace assay {
namespace {

using test::FaultAt;
using test::HookedFiles;
using test::random_bytes;
using test::SimulatedDisk;
using test::table_bytes;

std::string model(const std::vector<float>& weights) {
  return test::tensor_file({{"w", "BF16", {weights.size()}, test::stored_as(Element::bf16, weights)}});
}

// A store whose packs hold live and dead things side by side: chunks that both need, a live fine-tune of a
// dead model, small blobs.
struct Scene {
  SimulatedDisk::Tree tree;
  std::vector<std::string> live, dead;
};

Scene make_scene() {
  Scene scene;
  const auto weights = test::made_weights(10'000, 1);
  const std::string shared = random_bytes(50'000, 1);
  scene.dead = {shared + random_bytes(40'000, 2), model(weights), "a small one", table_bytes(2'500, 3),
                random_bytes(70'000, 4)};
  scene.live = {shared + random_bytes(30'000, 5), model(test::made_fine_tune(weights, 1e-5, 6)),
                "another small one", table_bytes(2'000, 7), random_bytes(20'000, 8)};
  SimulatedDisk disk;
  SystemEntropy entropy;
  {
    LocalBlobStore store(disk, entropy, 0, test::kSmallPacks);
    for (std::size_t i = 0; i < scene.live.size(); ++i) {
      put(store, scene.dead[i]);
      put(store, scene.live[i]);
    }
  }
  LocalBlobStore(disk, entropy, 0);  // closes the last pack
  scene.tree = disk.tree();
  return scene;
}

GcReport collect(Maintenance& store, const std::vector<std::string>& live) {
  return store.collect_garbage({.roots = [&](const auto& keep) {
    for (const std::string& bytes : live) keep(Digest::of(bytes));
  }});
}

// What is wrong: a live blob must be whole, another whole or not there.
std::string broken(const BlobStore& store, const std::vector<std::string>& live,
                   const std::vector<std::string>& others) {
  try {
    for (const std::string& bytes : live)
      if (read_all(store, Digest::of(bytes), bytes.size()) != bytes) return "other bytes";
    for (const std::string& bytes : others)
      if (store.stat(Digest::of(bytes)) && read_all(store, Digest::of(bytes), bytes.size()) != bytes)
        return "other bytes of a dead one";
    return "";
  } catch (const Error& error) {
    return error.message();
  }
}

// The same after opening the store anew, and that all is in order then.
std::string broken_after_restart(SimulatedDisk& disk, const std::vector<std::string>& live,
                                 const std::vector<std::string>& others) {
  try {
    SystemEntropy entropy;
    LocalBlobStore store(disk, entropy, 0, test::kSmallPacks);
    std::string what = broken(store, live, others);
    if (!what.empty()) return what;
    collect(store, live);
    what = broken(store, live, {});
    if (!what.empty()) return "after the next collection: " + what;
    if (store.totals().blobs != live.size()) return "the next collection left something";
    const FsckReport report = fsck(disk);
    return report.clean() ? "" : report.problems[0].path + ": " + report.problems[0].what;
  } catch (const Error& error) {
    return error.message();
  }
}

TEST_CASE("Live stays: a collection frees what is dead and nothing else") {
  const Scene scene = make_scene();
  SimulatedDisk disk(scene.tree);
  SystemEntropy entropy;
  {
    LocalBlobStore store(disk, entropy, 0, test::kSmallPacks);
    const GcReport report = collect(store, scene.live);
    CHECK(report.dead_blobs == scene.dead.size());
    CHECK(report.packs_removed + report.packs_rewritten > 1);
    CHECK(broken(store, scene.live, scene.dead) == "");
    for (const std::string& bytes : scene.dead) CHECK_FALSE(store.stat(Digest::of(bytes)));
  }
  CHECK(broken_after_restart(disk, scene.live, scene.dead) == "");
}

TEST_CASE("Live stays: power cut at every operation of a collection, and again while it is done anew") {
  const Scene scene = make_scene();
  bool interrupted = true;
  std::size_t cuts = 0;
  for (std::size_t cut = 1; interrupted; ++cut) {
    interrupted = false;
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      SimulatedDisk disk(scene.tree);
      SystemEntropy entropy;
      for (int again = 0; again < 2; ++again) {
        try {
          LocalBlobStore store(disk, entropy, 0, test::kSmallPacks);
          disk.cut_power_at(disk.operations() + (again == 0 ? cut : 1 + cut % 11));
          collect(store, scene.live);
        } catch (const Error&) {
          interrupted |= again == 0;
        }
        disk.restart(10 * cut + seed);
      }
      CAPTURE(cut, seed);
      CHECK(broken_after_restart(disk, scene.live, scene.dead) == "");
      ++cuts;
    }
  }
  CHECK(cuts > 30);
}

TEST_CASE("Live stays: every operation of a collection fails, once or from then on") {
  const Scene scene = make_scene();
  for (const auto& [error_number, mode] : {std::pair{EIO, FaultAt::Mode::once},
                                           {ENOSPC, FaultAt::Mode::sticky},
                                           {EMFILE, FaultAt::Mode::once}}) {
    bool reached = true;
    for (std::size_t k = 1; reached; ++k) {
      CAPTURE(k, error_number, mode == FaultAt::Mode::sticky);
      SimulatedDisk disk(scene.tree);
      FaultAt fault(k, error_number, mode);
      bool armed = false;
      HookedFiles files(disk, [&](auto operation, auto path) {
        if (armed) fault(operation, path);
      });
      SystemEntropy entropy;
      LocalBlobStore store(files, entropy, 0, test::kSmallPacks);
      armed = true;
      bool failed = false;
      try {
        collect(store, scene.live);
      } catch (const Error&) {
        failed = true;
      }
      reached = fault.reached();
      armed = false;
      CHECK(broken(store, scene.live, scene.dead) == "");
      try {
        collect(store, scene.live);  // unless the store takes no more writes
      } catch (const Error& error) {
        CHECK(failed);
        CHECK(error.code() == Code::unavailable);
      }
      CHECK(broken(store, scene.live, scene.dead) == "");
      disk.restart(k);
      CHECK(broken_after_restart(disk, scene.live, scene.dead) == "");
    }
  }
}

// Runs `work` with `between` at its `k`-th file operation. False when there is no such operation.
bool with_between(SimulatedDisk& disk, std::size_t k, const std::function<void(LocalBlobStore&)>& work,
                  const std::function<void(LocalBlobStore&)>& between,
                  const std::function<void(LocalBlobStore&)>& after) {
  std::size_t count = 0;
  bool armed = false, ran = false;
  std::function<void()> act;
  HookedFiles files(disk, [&](auto, auto) {
    if (!armed || ran || ++count != k) return;
    ran = true;
    act();
  });
  SystemEntropy entropy;
  LocalBlobStore store(files, entropy, 0, test::kSmallPacks);
  act = [&] { between(store); };
  armed = true;
  work(store);
  armed = false;
  after(store);
  return ran;
}

TEST_CASE("Live stays: an upload comes between any two steps of a collection") {
  const Scene scene = make_scene();
  const std::string uploads[] = {scene.dead[0],  // large, and half of it is live
                                 scene.dead[2],  // small
                                 scene.dead[1],  // a parent that only its child needs
                                 random_bytes(10'000, 20) + scene.dead[4]};  // new, of dead chunks
  for (const std::string& bytes : uploads) {
    std::vector<std::string> live = scene.live;
    live.push_back(bytes);
    bool ran = true;
    for (std::size_t k = 1; ran; ++k) {
      CAPTURE(k, bytes.size());
      SimulatedDisk disk(scene.tree);
      bool uploaded = false;
      ran = with_between(
          disk, k, [&](LocalBlobStore& store) { collect(store, scene.live); },
          [&](LocalBlobStore& store) {
            put(store, bytes);
            uploaded = true;
          },
          [&](LocalBlobStore& store) {
            CHECK(broken(store, uploaded ? live : scene.live, scene.dead) == "");
          });
      disk.restart(k);
      CHECK(broken_after_restart(disk, uploaded ? live : scene.live, scene.dead) == "");
    }
  }
}

TEST_CASE("Live stays: a lease or a reader comes between any two steps of a collection") {
  const Scene scene = make_scene();
  for (const std::string& bytes : scene.dead) {
    const Digest digest = Digest::of(bytes);
    bool ran = true;
    for (std::size_t k = 1; ran; ++k) {
      CAPTURE(k, bytes.size());
      SimulatedDisk disk(scene.tree);
      std::unique_ptr<BlobLease> lease;
      std::unique_ptr<BlobReader> reader;
      ran = with_between(
          disk, k, [&](LocalBlobStore& store) { collect(store, scene.live); },
          [&](LocalBlobStore& store) {
            try {
              reader = store.open(digest, {});
              lease = store.lease(digest);
            } catch (const Error& error) {
              CHECK(error.code() == Code::not_found);
            }
          },
          [&](LocalBlobStore& store) {
            if (lease) CHECK(broken(store, {bytes}, {}) == "");
            if (reader) {
              std::string all(bytes.size() + 1, '\0');
              std::size_t size = 0;
              while (const std::size_t got =
                         reader->read(std::as_writable_bytes(std::span(all)).subspan(size)))
                size += got;
              CHECK((all.substr(0, size) == bytes));
            }
            reader.reset();
            lease.reset();
          });
    }
  }
}

TEST_CASE("Live stays: a collection comes between any two steps of an upload") {
  const Scene scene = make_scene();
  const std::string uploads[] = {random_bytes(20'000, 30) + scene.dead[4] + random_bytes(90'000, 31),
                                 scene.dead[0], scene.dead[1], "a small one", "quite new"};
  for (const std::string& bytes : uploads) {
    std::vector<std::string> live = scene.live;
    live.push_back(bytes);
    bool ran = true;
    for (std::size_t k = 1; ran; ++k) {
      CAPTURE(k, bytes.size());
      SimulatedDisk disk(scene.tree);
      ran = with_between(
          disk, k, [&](LocalBlobStore& store) { put(store, bytes); },
          [&](LocalBlobStore& store) { collect(store, scene.live); },
          [&](LocalBlobStore& store) { CHECK(broken(store, live, {}) == ""); });
      disk.restart(k);
      CHECK(broken_after_restart(disk, live, {}) == "");
    }
  }
}

// A collection that asks neither for pins nor for leases.
void collect_ruthlessly(StoreParts& parts, const std::vector<Digest>& live) {
  Marks marks(parts.index, parts.source);
  for (const Digest& digest : live) marks.add(digest);
  for (const auto& pack : parts.index.packs()) {
    const PackContents contents = parts.index.contents(pack);
    bool needed = !pack->sealed;
    for (const PackEntry& entry : contents.entries) needed |= marks.has_chunk(entry.id);
    if (needed) continue;
    parts.index.remove(pack);
    parts.files.remove(path_of({pack->name, true}));
  }
}

// Whether an upload survives that `collect` runs between its chunks and its end; the chunks were stored
// before.
bool survives(const std::function<void(StoreParts&)>& collect) {
  SimulatedDisk disk;
  disk.make_directory("tmp");
  disk.make_directory("packs");
  disk.make_directory("dead");
  SystemEntropy entropy;
  StoreParts parts(disk, entropy, 0, test::kSmallPacks);
  const std::string dead = random_bytes(900'000, 1), bytes = dead + "and more";
  {
    PackUpload upload(parts, {});
    upload.write(test::as_span(dead));
    upload.finish();
  }
  PackUpload upload(parts, {});
  upload.write(test::as_span(bytes));
  collect(parts);
  const BlobInfo info = upload.finish();
  try {
    std::vector<std::byte> raw;
    RecipeWalk walk(parts.source, parts.source.recipe(info.digest), 0);
    while (const auto piece = walk.next()) {
      raw.resize(piece->chunk.length);
      parts.source.read(piece->chunk.digest, raw);
    }
    return true;
  } catch (const Error&) {
    return false;
  }
}

TEST_CASE("Negative control: a collection that ignores pins is caught") {
  CHECK(survives([](StoreParts& parts) { collect_garbage(parts, {.roots = [](const auto&) {}}); }));
  CHECK_FALSE(survives([](StoreParts& parts) { collect_ruthlessly(parts, {}); }));
}

TEST_CASE("Live stays: power cut at every operation of a repair") {
  const Scene scene = make_scene();
  SimulatedDisk::Tree tree = scene.tree;
  std::size_t damaged = 0;
  for (auto& [path, bytes] : tree)
    if (path.ends_with(".pack") && damaged++ < 2) bytes[bytes.size() / 2] ^= 1;
  std::vector<std::string> sound;
  {
    SimulatedDisk disk(tree);
    SystemEntropy entropy;
    LocalBlobStore store(disk, entropy, 0);
    for (const auto* blobs : {&scene.live, &scene.dead})
      for (const std::string& bytes : *blobs)
        if (broken(store, {bytes}, {}).empty()) sound.push_back(bytes);
  }
  REQUIRE(sound.size() > 3);
  bool interrupted = true;
  for (std::size_t cut = 1; interrupted; ++cut) {
    SimulatedDisk disk(tree);
    SystemEntropy entropy;
    disk.cut_power_at(cut);
    interrupted = false;
    try {
      repair(disk, entropy, RebuildIndex::where_damaged);
    } catch (const Error&) {
      interrupted = true;
    }
    disk.restart(cut);
    CAPTURE(cut);
    CHECK_NOTHROW(repair(disk, entropy, RebuildIndex::where_damaged));
    LocalBlobStore store(disk, entropy, 0);
    CHECK(broken(store, sound, {}) == "");
  }
}

}  // namespace
}  // namespace assay
