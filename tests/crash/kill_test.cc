// SPDX-License-Identifier: Apache-2.0
// Ends a real process with SIGKILL in the middle of uploading to a real directory, and checks the promises.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <iostream>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "storage/base/error.h"
#include "storage/blob/collect_garbage.h"
#include "storage/blob/fsck.h"
#include "storage/blob/local_blob_store.h"
#include "tests/crash/campaign.h"
#include "tests/crash/promises.h"
#include "tests/support/bytes.h"
#include "tests/support/catch.h"
#include "tests/support/hooked_files.h"
#include "tests/support/temp_dir.h"

namespace assay {
namespace {

struct Pipe {
  Pipe() { REQUIRE(pipe(ends.data()) == 0); }
  ~Pipe() {
    close(ends[0]);
    if (ends[1] >= 0) close(ends[1]);
  }
  void close_writer() { close(std::exchange(ends[1], -1)); }

  std::array<int, 2> ends{};
};

// Runs `work` in a child process, which never returns from it into the test.
pid_t in_child(const std::function<void()>& work) {
  const pid_t child = fork();
  if (child != 0) return child;
  try {
    work();
  } catch (...) {
    _exit(2);
  }
  _exit(0);
}

// Waits, and says whether the child was killed rather than done.
bool was_killed(pid_t child) {
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  if (WIFSIGNALED(status)) return WTERMSIG(status) == SIGKILL;
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) == 0);
  return false;
}

TEST_CASE("Whole or nothing, acknowledged stays, leftovers are swept: kill -9 at every operation") {
  test::TempDir directory;
  const auto files = open_files(directory / "blobs");
  std::size_t k = 1;
  for (bool killed = true; killed; ++k) {
    CAPTURE(k);
    const std::vector<std::string> blobs = test::mixed_blobs(k);
    Pipe pipe;
    const pid_t child = in_child([&] {
      bool armed = false;
      std::size_t count = 0;
      test::HookedFiles hooked(*files, [&](auto, auto) {
        if (armed && ++count == k) raise(SIGKILL);
      });
      SystemEntropy entropy;
      LocalBlobStore store(hooked, entropy, 0, test::kSmallPacks);
      armed = true;
      test::upload_all(store, blobs, [&](std::size_t i) {
        const char index = static_cast<char>(i);
        if (write(pipe.ends[1], &index, 1) != 1) _exit(3);
      });
    });
    pipe.close_writer();
    std::vector<bool> acknowledged(blobs.size());
    for (char index = 0; read(pipe.ends[0], &index, 1) == 1;)
      acknowledged[static_cast<std::size_t>(index)] = true;
    killed = was_killed(child);
    CHECK(test::broken_promise(*files, blobs, acknowledged) == "");
  }
  CHECK(k > 30);
}

// Small blobs, now and then one of several packs, now and then one that another writer uploads too.
std::string bytes_of(std::uint64_t writer, std::uint64_t i) {
  if (i % 7 == 3) return test::large_blob(writer * 1000 + i);
  if (i % 5 == 2) return test::table_bytes(2000, i);
  return test::table_bytes(1000 + i * 300, writer * 1000 + i);
}

// Uploads without end, telling each digest that was acknowledged.
void upload_for_ever(BlobStore& store, std::uint64_t writer, int acknowledge_fd) {
  for (std::uint64_t i = 0;; ++i) {
    const Digest digest = put(store, bytes_of(writer, i)).digest;
    if (write(acknowledge_fd, digest.bytes().data(), Digest::kSize) != Digest::kSize) _exit(3);
  }
}

// What garbage collection is to leave alone: named before it is stored, so that no collection comes between.
class Roots {
 public:
  explicit Roots(std::set<Digest> kept) : kept_(std::move(kept)) {}
  void add(const Digest& digest) {
    const std::lock_guard lock(mutex_);
    kept_.insert(digest);
  }
  void name_all(const std::function<void(const Digest&)>& keep) const {
    const std::lock_guard lock(mutex_);
    for (const Digest& digest : kept_) keep(digest);
  }

 private:
  mutable std::mutex mutex_;
  std::set<Digest> kept_;
};

// As upload_for_ever, but every third blob is dropped at once and never acknowledged.
void upload_and_drop(BlobStore& store, Roots& roots, std::uint64_t writer, int acknowledge_fd) {
  for (std::uint64_t i = 0;; ++i) {
    const std::string bytes = bytes_of(writer, i);
    const Digest digest = Digest::of(bytes);
    if (i % 3 != 1) roots.add(digest);
    put(store, bytes);
    if (i % 3 != 1 && write(acknowledge_fd, digest.bytes().data(), Digest::kSize) != Digest::kSize) _exit(3);
  }
}

enum class Beside { nothing, collections };

void write_from_eight_threads(const std::filesystem::path& directory, std::uint64_t cycle, int acknowledge_fd,
                              const std::set<Digest>& acknowledged, Beside beside) {
  const auto files = open_files(directory);
  SystemEntropy entropy;
  LocalBlobStore store(*files, entropy, 2, test::kSmallPacks);
  Roots roots(acknowledged);
  std::vector<std::thread> threads;
  for (std::uint64_t writer = 0; writer < 8; ++writer)
    threads.emplace_back([&, writer] {
      if (beside == Beside::nothing) upload_for_ever(store, 10 * cycle + writer, acknowledge_fd);
      upload_and_drop(store, roots, 10 * cycle + writer, acknowledge_fd);
    });
  if (beside == Beside::collections)
    for (;;) store.collect_garbage({.roots = [&](const auto& keep) { roots.name_all(keep); }});
  for (std::thread& thread : threads) thread.join();
}

struct Kills {
  std::size_t cycles = 0;
  std::size_t acknowledged = 0;
  std::string broken;
};

// Kills and recovers one store `cycles` times, at random moments.
Kills kill_repeatedly(std::uint64_t seed, std::size_t cycles, Beside beside) {
  test::TempDir directory;
  std::mt19937_64 random(seed);
  std::set<Digest> acknowledged;
  Kills kills;
  for (std::uint64_t cycle = 0; cycle < cycles && kills.broken.empty(); ++cycle) {
    Pipe pipe;
    const std::uint64_t enough = random() % 24;
    const pid_t child = in_child([&] {
      write_from_eight_threads(directory / "blobs", cycle, pipe.ends[1], acknowledged, beside);
    });
    pipe.close_writer();
    Digest::Bytes bytes;
    if (enough == 0) kill(child, SIGKILL);
    for (std::uint64_t count = 1; read(pipe.ends[0], bytes.data(), bytes.size()) == Digest::kSize; ++count) {
      acknowledged.insert(Digest(bytes));
      if (count == enough) kill(child, SIGKILL);  // the rest is what it still said before it died
    }
    REQUIRE(was_killed(child));
    const auto store = open_local_blob_store(directory / "blobs");
    const std::vector<Digest> required(acknowledged.begin(), acknowledged.end());
    const FsckReport report = fsck(directory / "blobs", {.required = required});
    if (!report.clean()) kills.broken = report.problems[0].path + ": " + report.problems[0].what;
    if (report.unfinished != 0) kills.broken = "a temporary was left";
    if (report.blobs < acknowledged.size()) kills.broken = "a blob is gone";
    ++kills.cycles;
  }
  kills.acknowledged = acknowledged.size();
  return kills;
}

void check_few_kills(Beside beside) {
  const std::uint64_t seed = std::random_device()();
  CAPTURE(seed);
  const Kills kills = kill_repeatedly(seed, 12, beside);
  CHECK(kills.broken == "");
  CHECK(kills.acknowledged > 24);
}

TEST_CASE("Acknowledged stays: kill -9 under eight writers loses nothing and leaves nothing partial") {
  check_few_kills(Beside::nothing);
}

TEST_CASE("Acknowledged stays: kill -9 under eight writers and collections loses nothing") {
  check_few_kills(Beside::collections);
}

void kill_many_times(const char* what, Beside beside) {
  const std::size_t wanted = test::cycles(10'000);
  Kills all;
  for (std::uint64_t seed = 1; all.cycles < wanted && all.broken.empty(); ++seed) {
    const Kills one = kill_repeatedly(seed, std::min<std::size_t>(wanted - all.cycles, 20), beside);
    all.cycles += one.cycles;
    all.acknowledged += one.acknowledged;
    all.broken = one.broken;
  }
  std::cout << what << ": " << all.cycles << ", blobs acknowledged: " << all.acknowledged
            << ", lost or partial: " << (all.broken.empty() ? "0" : all.broken) << '\n';
  CHECK(all.broken == "");
}

TEST_CASE("Campaign: kill -9 under eight writers", "[.campaign]") {
  kill_many_times("kills", Beside::nothing);
}

TEST_CASE("Campaign: kill -9 under eight writers and collections", "[.campaign]") {
  kill_many_times("kills beside collections", Beside::collections);
}

}  // namespace
}  // namespace assay
