// SPDX-License-Identifier: Apache-2.0
// Ends a real process with SIGKILL in the middle of uploading to a real directory, and checks the promises.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <set>
#include <thread>

#include "storage/base/error.h"
#include "storage/blob/fsck.h"
#include "storage/blob/local_blob_store.h"
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
    const std::vector<std::string> blobs = {test::two_block_blob(k)};
    Pipe pipe;
    const pid_t child = in_child([&] {
      bool armed = false;
      std::size_t count = 0;
      test::HookedFiles hooked(*files, [&](auto, auto) {
        if (armed && ++count == k) raise(SIGKILL);
      });
      SystemEntropy entropy;
      LocalBlobStore store(hooked, entropy);
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

// Uploads without end, telling each digest that was acknowledged.
void upload_for_ever(BlobStore& store, std::uint64_t writer, int acknowledge_fd) {
  for (std::uint64_t i = 0;; ++i) {
    const Digest digest = put(store, test::table_bytes(1000 + i * 5000, writer * 1000 + i)).digest;
    if (write(acknowledge_fd, digest.bytes().data(), Digest::kSize) != Digest::kSize) _exit(3);
  }
}

TEST_CASE("Acknowledged stays: kill -9 under eight writers loses nothing and leaves nothing partial") {
  test::TempDir directory;
  std::set<Digest> acknowledged;
  for (std::uint64_t cycle = 0; cycle < 6; ++cycle) {
    Pipe pipe;
    const pid_t child = in_child([&] {
      const auto store = open_local_blob_store(directory / "blobs");
      std::vector<std::thread> writers;
      for (std::uint64_t writer = 0; writer < 8; ++writer)
        writers.emplace_back([&, writer] { upload_for_ever(*store, 10 * cycle + writer, pipe.ends[1]); });
      for (std::thread& writer : writers) writer.join();
    });
    pipe.close_writer();
    Digest::Bytes bytes;
    for (std::uint64_t count = 0; read(pipe.ends[0], bytes.data(), bytes.size()) == Digest::kSize; ++count) {
      acknowledged.insert(Digest(bytes));
      if (count == 10 + 3 * cycle) kill(child, SIGKILL);  // the rest is what it still said before it died
    }
    REQUIRE(was_killed(child));
    const auto store = open_local_blob_store(directory / "blobs");
    const std::vector<Digest> required(acknowledged.begin(), acknowledged.end());
    const FsckReport report = fsck(directory / "blobs", {.required = required});
    CHECK(report.clean());
    CHECK(report.unfinished == 0);
    CHECK(report.blobs >= acknowledged.size());
  }
}

}  // namespace
}  // namespace assay
