// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/local_blob_store.h"

#include <sys/mount.h>

#include <cerrno>
#include <fstream>

#include "storage/base/byte_size.h"
#include "storage/base/error.h"
#include "storage/base/limits.h"
#include "storage/blob/local_layout.h"
#include "storage/blob/store_files.h"
#include "tests/support/bytes.h"
#include "tests/support/catch.h"
#include "tests/support/hooked_files.h"
#include "tests/support/pack_files.h"
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

// The only pack in the store.
fs::path pack_in(const fs::path& root) {
  const auto packs = list_packs(*open_existing_files(root));
  REQUIRE(packs.size() == 1);
  return root / path_of(packs[0]);
}

// A store of one small blob in one closed pack, with nobody in it.
struct AtRest {
  test::TempDir directory;
  const fs::path path = directory / "blobs";
  const Digest blob = put(*open_local_blob_store(path), "abc").digest;
  const fs::path pack = (open_local_blob_store(path), pack_in(path));  // opening closes the pack
};

TEST_CASE("Local blob store: small blobs share a pack, which a restart closes") {
  test::TempDir directory;
  const auto path = directory / "blobs";
  {
    const auto store = open_local_blob_store(path);
    for (int i = 0; i < 10; ++i) put(*store, "blob " + std::to_string(i));
    CHECK(files_in(path) == 2);  // the pack and the format marker
    CHECK(pack_in(path).extension() == layout::kOpen);
  }
  const auto store = open_local_blob_store(path);
  CHECK(files_in(path) == 2);
  CHECK(pack_in(path).extension() == layout::kSealed);
  CHECK(store->totals().blobs == 10);
}

TEST_CASE("Local blob store: a large blob has a pack of its own at once") {
  test::TempDir directory;
  const auto store = open_local_blob_store(directory / "blobs");
  put(*store, test::random_bytes(5 * kMiB, 1));
  CHECK(pack_in(directory / "blobs").extension() == layout::kSealed);
}

TEST_CASE("Local blob store: what compresses takes less, what does not takes little more") {
  test::TempDir directory;
  const auto store = open_local_blob_store(directory / "blobs");
  CHECK(put(*store, test::table_bytes(3 * kMiB, 1)).stored_size < kMiB);
  CHECK(put(*store, test::random_bytes(3 * kMiB, 1)).stored_size < 3 * kMiB + 20000);
}

TEST_CASE("Local blob store: a repeated upload writes nothing, announced or not, small or large") {
  test::SimulatedDisk disk;
  SystemEntropy entropy;
  LocalBlobStore store(disk, entropy, 0);
  for (const std::string& bytes : {std::string("abc"), test::random_bytes(5 * kMiB, 2)}) {
    put(store, bytes);
    const std::size_t before = disk.operations();
    put(store, bytes);
    const auto upload = store.begin_upload({});
    upload->write(as_span(bytes));
    upload->finish();
    CHECK(disk.operations() == before);
  }
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
  write_file(path / "format", "assay blob store 2\n");
  write_file(path / "tmp/0123", "perhaps precious to that version");
  try {
    open_local_blob_store(path);
    FAIL("opened");
  } catch (const Error& error) {
    CHECK(error.code() == Code::unsupported);
  }
  CHECK(fs::exists(path / "tmp/0123"));
}

TEST_CASE("Local blob store: a store of format 0 is refused and left alone") {
  test::TempDir directory;
  fs::create_directories(directory / "blobs/sha256/ab");
  write_file(directory / "blobs/format", "assay blob store 0\n");
  CHECK_THROWS_AS(open_local_blob_store(directory / "blobs"), Error);
  CHECK(files_in(directory / "blobs") == 1);
}

TEST_CASE("Local blob store: a damaged record or footer does not keep the store from opening") {
  test::TempDir directory;
  const auto path = directory / "blobs";
  const std::string bytes = test::table_bytes(kMiB, 3);
  {
    const auto store = open_local_blob_store(path);
    put(*store, "first");
    put(*store, bytes);
  }
  open_local_blob_store(path);                                         // closes the pack
  test::flip_byte(pack_in(path), fs::file_size(pack_in(path)) - 100);  // in the footer
  {
    const auto store = open_local_blob_store(path);
    CHECK(store->totals().blobs == 2);  // read from the records
    CHECK_NOTHROW(store->check(Digest::of(bytes)));
  }
  test::flip_byte(pack_in(path), fs::file_size(pack_in(path)) - 100);
  test::flip_byte(pack_in(path), fs::file_size(pack_in(path)) / 2);
  const auto store = open_local_blob_store(path);
  CHECK_NOTHROW(store->check(Digest::of("first")));
  try {
    store->check(Digest::of(bytes));
    FAIL("read");
  } catch (const Error& error) {
    CHECK(error.code() == Code::corrupt);
    CHECK(error.message().find(Digest::of(bytes).text()) != std::string::npos);
    CHECK(error.message().find("--resend") != std::string::npos);
  }
}

// Reading the blob fails, and the message names the pack and says what to do.
void check_lost(const BlobStore& store, const Digest& blob, const fs::path& pack) {
  try {
    read_all(store, blob, kMaxBlobSize);
    FAIL("read");
  } catch (const Error& error) {
    CHECK(error.code() == Code::corrupt);
    CHECK(error.message().find(blob.text()) != std::string::npos);
    CHECK(error.message().find(pack.filename().string()) != std::string::npos);
    CHECK(error.message().find("assay repair") != std::string::npos);
    CHECK(error.message().find("--resend") != std::string::npos);
  }
}

TEST_CASE("Local blob store: a file that is no pack costs what it held, and nothing else") {
  const AtRest rest;
  const Digest other = put(*open_local_blob_store(rest.path), "def").digest;
  write_file(rest.pack, "not a pack");
  const auto store = open_local_blob_store(rest.path);
  CHECK(read_all(*store, other, 3) == "def");
  CHECK_FALSE(store->stat(rest.blob));
  check_lost(*store, rest.blob, rest.pack);
  put(*store, "abc");
  CHECK(read_all(*store, rest.blob, 3) == "abc");
}

TEST_CASE("Local blob store: a blob of which only chunks were in a file that is no pack says so") {
  test::TempDir directory;
  const auto path = directory / "blobs";
  const std::string bytes = test::random_bytes(6 * kMiB, 1);
  Digest digest = Digest::of(bytes);
  fs::path pack;
  {
    const auto store = open_local_blob_store(path);
    put(*store, std::string_view(bytes).substr(0, kSharedUpload + kMiB));  // all but its last chunks
    pack = pack_in(path);
    put(*store, bytes);
  }
  write_file(pack, "not a pack");
  const auto store = open_local_blob_store(path);
  CHECK(store->stat(digest));
  check_lost(*store, digest, pack);
}

TEST_CASE("Local blob store: a backup leaves out what was found damaged, for it may be sound there") {
  const AtRest rest;
  test::flip_byte(rest.pack, kPackHeaderSize + 60);
  CHECK_THROWS_AS(open_local_blob_store(rest.path)->check(rest.blob), Error);
  CHECK(files_in(rest.path / layout::kDamaged) == 1);
  for (const StoreFile& file : store_files(rest.path)) CHECK_FALSE(file.path.starts_with(layout::kDamaged));
  CHECK(store_files(rest.path).size() == 2);  // the pack and the format marker
}

TEST_CASE("Local blob store: a symbolic link in place of a pack is not followed") {
  const AtRest rest;
  fs::rename(rest.pack, rest.directory / "elsewhere");
  fs::create_symlink(rest.directory / "elsewhere", rest.pack);
  CHECK_FALSE(open_local_blob_store(rest.path)->stat(rest.blob));
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
  CHECK_NOTHROW(store->check(put(*store, test::random_bytes(kMiB, 2)).digest));
}

TEST_CASE("Local blob store: writes that fail for lack of space behave the same on any file system") {
  test::TempDir directory;
  const auto real = open_files(directory / "blobs");
  bool full = false;
  test::HookedFiles files(*real, [&](auto operation, auto) {
    if (full && (operation == "append" || operation == "sync")) throw system_error("Writing", ENOSPC);
  });
  SystemEntropy entropy;
  LocalBlobStore store(files, entropy, 0);
  put(store, "kept");
  full = true;
  check_full(store, "kept", test::random_bytes(2 * kMiB, 1));
  CHECK(real->list("tmp").empty());
  full = false;
  CHECK_NOTHROW(store.check(put(store, test::random_bytes(2 * kMiB, 1)).digest));
}

}  // namespace
}  // namespace assay
