// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/local_blob_store.h"

#include <sys/mount.h>

#include <cerrno>
#include <fstream>

#include "storage/base/byte_size.h"
#include "storage/base/error.h"
#include "storage/blob/local_layout.h"
#include "tests/support/bytes.h"
#include "tests/support/catch.h"
#include "tests/support/hooked_files.h"
#include "tests/support/simulated_disk.h"
#include "tests/support/temp_dir.h"

namespace assay {
namespace {

namespace fs = std::filesystem;
using test::as_span;

std::size_t files_in(const fs::path& directory) {
  std::size_t count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) count += entry.is_regular_file();
  return count;
}

void write_file(const fs::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

TEST_CASE("Local blob store: a blob is one file named after its digest") {
  test::TempDir directory;
  const auto store = open_local_blob_store(directory / "blobs");
  const Digest digest = put(*store, "abc").digest;
  CHECK(fs::is_regular_file(directory / "blobs" / layout::blob(digest)));
  CHECK(files_in(directory / "blobs") == 2);  // the blob and the format marker
}

TEST_CASE("Local blob store: what compresses takes less, what does not takes little more") {
  test::TempDir directory;
  const auto store = open_local_blob_store(directory / "blobs");
  CHECK(put(*store, test::table_bytes(3 * kMiB, 1)).stored_size < kMiB);
  CHECK(put(*store, test::random_bytes(3 * kMiB, 1)).stored_size < 3 * kMiB + 300);
}

TEST_CASE(
    "Local blob store: a repeated upload writes no second copy, not even a temporary when it is announced") {
  test::SimulatedDisk disk;
  std::size_t created = 0;
  test::HookedFiles files(disk, [&](auto operation, auto) { created += operation == "create"; });
  SystemEntropy entropy;
  LocalBlobStore store(files, entropy);
  put(store, "abc");
  created = 0;
  put(store, "abc");
  CHECK(created == 0);
  CHECK(disk.list("tmp").empty());
}

TEST_CASE("Local blob store: opening again finds what was stored and sweeps what was not finished") {
  test::TempDir directory;
  const auto path = directory / "blobs";
  Digest digest = Digest::of("");
  BlobTotals totals;
  {
    const auto store = open_local_blob_store(path);
    digest = put(*store, test::table_bytes(2 * kMiB, 2)).digest;
    totals = store->totals();
  }
  write_file(path / "tmp/0123", "left by a crash");
  const auto store = open_local_blob_store(path);
  CHECK(fs::is_empty(path / "tmp"));
  CHECK(store->totals() == totals);
  CHECK_NOTHROW(store->check(digest));
}

TEST_CASE("Local blob store: a store of another format is refused and left alone") {
  test::TempDir directory;
  const auto path = directory / "blobs";
  open_local_blob_store(path);
  write_file(path / "format", "assay blob store 1\n");
  write_file(path / "tmp/0123", "perhaps precious to that version");
  try {
    open_local_blob_store(path);
    FAIL("opened");
  } catch (const Error& error) {
    CHECK(error.code() == Code::unsupported);
  }
  CHECK(fs::exists(path / "tmp/0123"));
}

TEST_CASE("Local blob store: a damaged blob does not keep the store from opening, and says so when read") {
  test::TempDir directory;
  const auto path = directory / "blobs";
  const Digest digest = put(*open_local_blob_store(path), "abc").digest;
  write_file(path / layout::blob(digest), "not a blob file");
  const auto store = open_local_blob_store(path);
  CHECK(store->totals() == BlobTotals{});
  try {
    store->stat(digest);
    FAIL("read");
  } catch (const Error& error) {
    CHECK(error.code() == Code::corrupt);
    CHECK(error.message().find(digest.text()) != std::string::npos);
    CHECK(error.message().find("assay fsck") != std::string::npos);
  }
}

TEST_CASE("Local blob store: a damaged copy is not accepted as the upload of those bytes") {
  test::TempDir directory;
  const auto path = directory / "blobs";
  const auto store = open_local_blob_store(path);
  const Digest digest = put(*store, "abc").digest;
  write_file(path / layout::blob(digest), "not a blob file");
  CHECK_THROWS_AS(put(*store, "abc"), Error);
  const auto upload = store->begin_upload({});
  upload->write(as_span("abc"));
  CHECK_THROWS_AS(upload->finish(), Error);
}

TEST_CASE("Local blob store: a symbolic link in place of a blob is not followed") {
  test::TempDir directory;
  const auto path = directory / "blobs";
  const auto store = open_local_blob_store(path);
  const Digest digest = put(*store, "abc").digest;
  const auto file = path / layout::blob(digest);
  fs::rename(file, directory / "elsewhere");
  fs::create_symlink(directory / "elsewhere", file);
  CHECK_THROWS_AS(store->open(digest, {}), Error);
}

TEST_CASE("Local blob store: an announced size beyond the limit is refused before a byte is taken") {
  test::TempDir directory;
  const auto store = open_local_blob_store(directory / "blobs");
  CHECK_NOTHROW(store->begin_upload({.size = kTiB}));
  try {
    store->begin_upload({.size = kTiB + 1});
    FAIL("accepted");
  } catch (const Error& error) {
    CHECK(error.code() == Code::too_large);
  }
}

// A small real file system, where the tests run as root and may mount one.
class SmallDisk {
 public:
  explicit SmallDisk(const fs::path& path) : path_(path) {
    fs::create_directory(path);
    mounted_ = ::mount("tmpfs", path.c_str(), "tmpfs", 0, "size=4m,mode=0700") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }

 private:
  fs::path path_;
  bool mounted_;
};

// The upload fails with `full`, leaves nothing, and the store goes on.
void check_full(BlobStore& store, const std::string& kept, const std::string& large) {
  try {
    put(store, large);
    FAIL("stored more than fits");
  } catch (const Error& error) {
    CHECK(error.code() == Code::full);
    CHECK(error.message().find("disk is full") != std::string::npos);
    CHECK(error.message().find("Free some space") != std::string::npos);
  }
  CHECK_FALSE(store.stat(Digest::of(large)).has_value());
  CHECK(read_all(store, Digest::of(kept), kept.size()) == kept);
}

TEST_CASE(
    "Local blob store: a full disk refuses the upload, keeps the rest and takes more when there is room") {
  test::TempDir directory;
  const SmallDisk disk(directory / "small");
  if (!disk.mounted()) {
    WARN("no permission to mount a file system: only the simulated full disk is tested");
    return;
  }
  const auto store = open_local_blob_store(directory / "small/blobs");
  put(*store, "kept");
  check_full(*store, "kept", test::random_bytes(6 * kMiB, 1));
  CHECK(fs::is_empty(directory / "small/blobs/tmp"));
  CHECK_NOTHROW(store->check(put(*store, test::random_bytes(2 * kMiB, 2)).digest));
}

TEST_CASE("Local blob store: writes that fail for lack of space behave the same on any file system") {
  test::TempDir directory;
  const auto real = open_files(directory / "blobs");
  bool full = false;
  test::HookedFiles files(*real, [&](auto operation, auto) {
    if (full && (operation == "append" || operation == "sync")) throw system_error("Writing", ENOSPC);
  });
  SystemEntropy entropy;
  LocalBlobStore store(files, entropy);
  put(store, "kept");
  full = true;
  check_full(store, "kept", test::random_bytes(2 * kMiB, 1));
  CHECK(real->list("tmp").empty());
  full = false;
  CHECK_NOTHROW(store.check(put(store, test::random_bytes(2 * kMiB, 1)).digest));
}

}  // namespace
}  // namespace assay
