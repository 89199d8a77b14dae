// SPDX-License-Identifier: Apache-2.0
// Keeping a registry: what operators do with the built program, and what happens when its disk is full.
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "registry/client/api_client.h"
#include "storage/blob/local_blob_store.h"
#include "tests/e2e/flights.h"
#include "tests/e2e/registry.h"
#include "tests/support/catch.h"

namespace assay::test {
namespace {

namespace fs = std::filesystem;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Bytes that nothing compresses.
std::string noise(std::size_t size, std::uint64_t seed) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    byte = static_cast<char>(seed >> 56);
  }
  return bytes;
}

// A file system of its own at `path`, as long as it lives.
class SmallDisk {
 public:
  SmallDisk(fs::path path, const std::string& size) : path_(std::move(path)) {
    fs::create_directories(path_);
    mounted_ = ::mount("tmpfs", path_.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }
  // Fills the disk up to `left` bytes, with a file that make_room() removes.
  void fill(std::uint64_t left) const {
    struct statvfs space {};
    REQUIRE(::statvfs(path_.c_str(), &space) == 0);
    const std::uint64_t available = space.f_bavail * space.f_frsize;
    if (available > left) std::ofstream(path_ / "filler") << std::string(available - left, 'f');
  }
  void make_room() const { fs::remove(path_ / "filler"); }
  const fs::path& path() const { return path_; }

 private:
  const fs::path path_;
  bool mounted_ = false;
};

// A registry on that disk that has churn@1, of 2 MB; null where no disk can be mounted.
std::unique_ptr<Registry> registry_with_churn(const SmallDisk& disk) {
  if (!disk.mounted()) {
    WARN("a small disk cannot be mounted here: run this test as root");
    return nullptr;
  }
  auto registry = std::make_unique<Registry>(disk.path() / "data");
  registry->write("one.bin", noise(2'000'000, 1));
  registry->expect(0, {"push", "model", "churn", "one.bin"});
  return registry;
}

// Uploads a blob whose disk is filled by somebody else when half of it has been sent; what it fails with.
Code upload_onto_full_disk(const Registry& registry, const SmallDisk& disk) {
  const std::string bytes = noise(16'000'000, 3);
  client::Session session({client::Endpoint::parse(registry.url()), registry.admin_token(), {}, {}});
  client::Call call;
  call.method = "PUT";
  call.target = "/api/v1/blobs/" + Digest::of(bytes).text();
  call.content_type = "application/octet-stream";
  call.body_size = bytes.size();
  bool filled = false;
  call.body_source = [&](std::uint64_t offset, std::span<char> into) {
    if (offset > bytes.size() / 2 && !std::exchange(filled, true)) disk.fill(0);
    return bytes.copy(into.data(), into.size(), offset);
  };
  try {
    session.call(call, "uploading");
  } catch (const Error& error) {
    return error.code();
  }
  return Code::internal;
}

TEST_CASE("Keeping: a version is deleted, its bytes are collected, and the rest stays") {
  Registry registry;
  registry.write("one.bin", noise(200'000, 1));
  registry.write("two.bin", noise(200'000, 2));
  const auto one = registry.json({"push", "model", "churn", "one.bin"});
  registry.expect(0, {"push", "model", "churn", "two.bin"});
  registry.expect(0, {"promote", "churn@2", "--to", "production"});
  CHECK(has(registry.expect(30, {"delete", "churn@2"}).err, "points to it"));
  CHECK(has(registry.expect(60, {"delete", "churn@production"}).err, "number or digest"));
  CHECK(has(registry.expect(0, {"delete", "churn@1"}).out, "deleted model churn@1"));
  CHECK(has(registry.expect(60, {"show", "churn@1"}).err, "deleted"));
  const std::string digest = one["files"][0]["digest"];
  CHECK(has(registry.expect(0, {"why", digest}).out, "no version holds it"));
  // Within the grace time of its upload it stays; what described the version goes.
  CHECK(registry.json({"gc", "--dry-run"})["dead_blobs"] == 1);
  CHECK(has(registry.expect(0, {"gc"}).out, "blobs are needed"));
  registry.expect(0, {"why", digest});
  registry.expect(0, {"pull", "churn@2", "out"});
  CHECK(read_file(registry.file("out/two.bin")) == noise(200'000, 2));
  registry.expect(60, {"why", "sha256:" + std::string(64, '0')});
}

TEST_CASE("Keeping: a scrub of a sound store finds nothing, at the rate it was told") {
  Registry registry;
  registry.write("one.bin", noise(300'000, 1));
  registry.expect(0, {"push", "model", "churn", "one.bin"});
  CHECK(has(registry.expect(0, {"scrub", "--rate", "50MiB"}).out, "no problems"));
  CHECK(has(registry.expect(60, {"scrub", "--rate", "fast"}).err, "such as 10GiB"));
  const auto result = registry.json({"scrub", "--continue"});
  CHECK(result["complete"] == true);
  CHECK(result["problems_found"] == 0);
}

// Flips a bit of a stored chunk of the file, in whatever pack it is.
void damage(const Registry& registry, const std::string& bytes) {
  std::size_t damaged = 0;
  for (const auto& entry : fs::directory_iterator(registry.data() / "blobs/packs")) {
    std::string pack = read_file(entry.path());
    const std::size_t at = pack.find(bytes.substr(bytes.size() / 2, 64));
    if (at == std::string::npos) continue;
    pack[at] = static_cast<char>(pack[at] ^ 1);
    std::ofstream(entry.path(), std::ios::binary) << pack;
    ++damaged;
  }
  REQUIRE(damaged == 1);
}

TEST_CASE("Keeping: damage heals when the version's files are sent again, before and after a repair") {
  Registry registry;
  const std::string bytes = noise(300'000, 1);
  registry.write("one.bin", bytes);
  registry.expect(0, {"push", "model", "churn", "one.bin"});
  CHECK(has(registry.expect(60, {"push", "model", "other", "one.bin", "--resend"}).err, "other"));
  const std::string data = registry.data().string();
  const auto is_hit = [&](const char* state) {
    CHECK(has(registry.expect(0, {"push", "model", "churn", "one.bin"}).out, "nothing to do"));
    INFO(state);
    const auto scrub = registry.expect(40, {"scrub"});
    CHECK(has(scrub.out, "model default/churn@1 (one.bin)"));
    CHECK(has(scrub.out, "--resend"));
  };
  const auto heals = [&] {
    CHECK(
        has(registry.expect(0, {"push", "model", "churn", "one.bin", "--resend"}).out, "churn@1 sent again"));
    registry.expect(0, {"pull", "churn@1", "out"});
    CHECK(read_file(registry.file("out/one.bin")) == bytes);
    fs::remove_all(registry.file("out"));
  };
  for (const bool scrubbed : {true, false}) {
    registry.stop();
    registry.start();  // what was written last is in a sealed pack now
    registry.stop();
    damage(registry, bytes);
    registry.start();
    if (scrubbed) is_hit("damaged");
    heals();
    registry.stop();
    registry.expect(0, {"repair", "--data", data});
    registry.start();
    CHECK(has(registry.expect(0, {"scrub"}).out, "no problems"));
  }
  // A repair puts aside what is damaged, so that nothing is left that could be read and found so.
  registry.stop();
  damage(registry, bytes);
  registry.expect(40, {"repair", "--data", data});
  registry.start();
  is_hit("gone");
  heals();
  CHECK(has(registry.expect(0, {"scrub"}).out, "no problems"));
}

TEST_CASE("Keeping: with every pack lost the server starts and says so, and files that are sent again make it whole") {
  Registry registry;
  registry.write("one.bin", noise(300'000, 1));
  registry.expect(0, {"push", "model", "churn", "one.bin"});
  registry.stop();
  registry.start();  // its pack is sealed now
  registry.stop();
  std::string pack;
  for (const auto& entry : fs::directory_iterator(registry.data() / "blobs/packs")) {
    pack = entry.path().filename().string();
    std::ofstream(entry.path(), std::ios::binary) << "not a pack";
  }
  registry.start();
  CHECK(has(registry.expect(40, {"pull", "churn@1", "out"}).err, "--resend"));
  const auto scrub = registry.expect(40, {"scrub"});
  CHECK(has(scrub.out, pack.substr(0, 32)));
  CHECK(has(scrub.out, "assay repair"));
  CHECK(has(registry.expect(40, {"gc"}).err, pack));
  registry.expect(0, {"push", "model", "churn", "one.bin", "--resend"});
  registry.expect(0, {"pull", "churn@1", "out"});
  CHECK(read_file(registry.file("out/one.bin")) == noise(300'000, 1));
  registry.stop();
  registry.expect(0, {"repair", "--data", registry.data().string()});
  registry.start();
  CHECK(has(registry.expect(0, {"scrub"}).out, "no problems"));
}

TEST_CASE("Keeping: a quota stops a push before and at publishing, and a larger one lets it go on") {
  Registry registry;
  registry.write("one.bin", noise(10'000, 1));
  registry.expect(0, {"push", "model", "acme/churn", "one.bin"});
  registry.expect(0, {"quota", "set", "acme", "15kB"});
  registry.write("two.bin", noise(10'000, 2));
  CHECK(has(registry.expect(70, {"push", "model", "acme/churn", "two.bin"}).err, "quota of namespace acme"));
  registry.expect(0, {"quota", "set", "acme", "1MiB"});
  registry.expect(0, {"push", "model", "acme/churn", "two.bin"});
  const auto quotas = registry.json({"quota", "show"});
  CHECK(quotas[0]["used_bytes"] == 20'000);
  CHECK(has(registry.expect(0, {"quota", "show"}).out, "1.0 MiB"));
}

TEST_CASE("Keeping: stats say what is raw, stored and saved, in all and per artifact") {
  Registry registry;
  registry.write("one.bin", noise(100'000, 1));
  registry.expect(0, {"push", "model", "churn", "one.bin"});
  registry.expect(0, {"push", "model", "again", "one.bin"});
  const auto stats = registry.json({"stats"});
  CHECK(stats["savings"]["total"]["raw_bytes"] == 200'000);
  CHECK(stats["savings"]["total"]["saved_by_dedup"] == 100'000);
  const auto table = registry.expect(0, {"stats"}).out;
  for (const char* word : {"everything", "model churn", "dedup", "delta", "compression"})
    CHECK(has(table, word));
  CHECK(has(registry.expect(0, {"stats", "churn"}).out, "100.0 kB"));
  registry.expect(60, {"stats", "none"});
}

TEST_CASE("Keeping: a backup made beside the server is restored with all versions, stages and digests") {
  Registry registry;
  registry.write("train.csv", flights_csv(500, 1));
  registry.write("one.bin", noise(6'000'000, 1));  // a pack of its own
  registry.expect(0, {"push", "dataset", "flights", "train.csv"});
  registry.expect(0, {"push", "model", "churn", "one.bin"});
  registry.expect(0, {"promote", "churn@1", "--to", "production"});
  const std::string data = registry.data().string();
  const std::string backup = registry.file("backup").string();
  const auto first = registry.json({"backup", backup, "--data", data});
  CHECK(first["files_copied"] == first["files"]);
  // What is there already is not copied again.
  registry.write("two.bin", noise(100'000, 2));
  registry.expect(0, {"push", "model", "churn", "two.bin"});
  const auto second = registry.json({"backup", backup, "--data", data});
  CHECK(second["bytes_copied"] < first["bytes_copied"]);
  CHECK_FALSE(fs::exists(registry.file("backup/admin.token")));

  const auto listed = registry.json({"ls", "churn"});
  const auto history = registry.json({"history", "churn", "--stage", "production"});
  const std::string other = registry.file("other").string();
  CHECK(has(registry.expect(0, {"restore", backup, "--data", other}).out, "no problems"));
  CHECK(has(registry.expect(60, {"restore", backup, "--data", other}).err, "not empty"));
  registry.stop();
  fs::rename(registry.data(), registry.file("old"));
  fs::rename(other, registry.data());
  registry.start();
  CHECK(registry.json({"ls", "churn"}) == listed);
  CHECK(registry.json({"history", "churn", "--stage", "production"}) == history);
  registry.expect(0, {"pull", "churn@production", "out"});
  CHECK(read_file(registry.file("out/one.bin")) == noise(6'000'000, 1));
  registry.expect(0, {"push", "model", "churn", "train.csv"});
}

TEST_CASE("Keeping: a backup with one wrong byte is not restored, and leaves nothing behind") {
  Registry registry;
  registry.write("one.bin", noise(1'000'000, 1));
  registry.expect(0, {"push", "model", "churn", "one.bin"});
  const std::string backup = registry.file("backup").string();
  registry.expect(0, {"backup", backup, "--data", registry.data().string()});
  std::size_t tried = 0;
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(backup))
    if (entry.is_regular_file() && entry.file_size() > 0) files.push_back(entry.path());
  for (const fs::path& path : files) {
    if (path.filename() == "backup.json") continue;
    const std::string sound = read_file(path);
    std::string damaged = sound;
    damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
    std::ofstream(path, std::ios::binary) << damaged;
    INFO(path);
    const auto result = registry.expect(40, {"restore", backup, "--data", registry.file("other").string()});
    CHECK(has(result.err, path.filename().string()));
    CHECK_FALSE(fs::exists(registry.file("other")));
    CHECK_FALSE(fs::exists(registry.file("other.restoring")));
    std::ofstream(path, std::ios::binary) << sound;
    ++tried;
  }
  CHECK(tried >= 2);
  registry.expect(0, {"restore", backup, "--data", registry.file("other").string()});
}

TEST_CASE("Keeping: a backup goes into a directory of its own, and needs a registry") {
  Registry registry;
  fs::create_directories(registry.file("mine"));
  registry.write("mine/thesis.txt", "years of work");
  CHECK(has(
      registry.expect(60, {"backup", registry.file("mine").string(), "--data", registry.data().string()}).err,
      "no backup"));
  CHECK(read_file(registry.file("mine/thesis.txt")) == "years of work");
  registry.expect(60, {"backup", registry.file("b").string(), "--data", registry.file("mine").string()});
  registry.expect(60, {"restore", registry.file("mine").string(), "--data", registry.file("x").string()});
}

TEST_CASE("Keeping: backups made while eight pushes run restore to whole versions") {
  Registry registry;
  std::vector<std::unique_ptr<Process>> pushes;
  for (int i = 0; i < 8; ++i) {
    const std::string name = "m" + std::to_string(i);
    registry.write(name + ".bin",
                   noise(2'000'000 + static_cast<std::size_t>(i), static_cast<std::uint64_t>(i)));
    pushes.push_back(registry.begin({"push", "model", name, registry.file(name + ".bin").string()}));
  }
  for (int round = 0; round < 3; ++round)
    registry.expect(0, {"backup", registry.file("backup").string(), "--data", registry.data().string()});
  for (auto& push : pushes) CHECK(push->wait() == 0);
  CHECK(has(
      registry
          .expect(0, {"restore", registry.file("backup").string(), "--data", registry.file("other").string()})
          .out,
      "no problems"));
}

TEST_CASE("Keeping: a collection makes room on a disk that is full to the last byte") {
  TempDir dir;
  const SmallDisk disk(dir / "disk", "48m");
  const auto churn = registry_with_churn(disk);
  if (!churn) return;
  Registry& registry = *churn;
  registry.stop();
  // As a version that was deleted a day ago: nothing names it.
  put(*open_local_blob_store(registry.data() / "blobs"), noise(6'000'000, 4));
  registry.start();
  disk.fill(0);
  const auto report = registry.json({"gc"});
  CHECK(report["packs_removed"] == 1);
  CHECK(report["freed_bytes"] > 6'000'000);
  registry.write("two.bin", noise(1'000'000, 2));
  registry.expect(0, {"pull", "churn@1", "out"});
  registry.stop();
  registry.expect(0, {"fsck", "--data", registry.data().string()});
}

TEST_CASE("Keeping: a disk that fills up refuses uploads, loses nothing, and goes on when there is room") {
  TempDir dir;
  const SmallDisk disk(dir / "disk", "48m");
  const auto churn = registry_with_churn(disk);
  if (!churn) return;
  Registry& registry = *churn;

  // Below the reserve: uploads are refused at once, everything else goes on.
  disk.fill(5'000'000);
  registry.write("two.bin", noise(1'000'000, 2));
  CHECK(has(registry.expect(70, {"push", "model", "churn", "two.bin"}).err, "kept free"));
  registry.expect(0, {"promote", "churn@1", "--to", "production"});
  registry.expect(0, {"pull", "churn@production", "out"});
  registry.expect(0, {"gc"});
  disk.make_room();
  registry.expect(0, {"push", "model", "churn", "two.bin"});

  // Full in the middle of an upload: its bytes go at once, and nothing of it is seen.
  CHECK(upload_onto_full_disk(registry, disk) == Code::full);
  CHECK(registry.json({"ls", "churn"}).size() == 2);
  CHECK(fs::is_empty(registry.data() / "blobs" / "tmp"));
  disk.make_room();

  // Full to the last byte: at some point the catalogue cannot commit. It says so, and takes the next change
  // as soon as there is room.
  disk.fill(0);
  client::ApiClient api({client::Endpoint::parse(registry.url()), registry.admin_token(), {}, {}});
  std::size_t made = 0;
  const auto make_tokens = [&] {
    for (; made < 20'000; ++made) api.create_token({"t", "reader", "*", std::nullopt});
  };
  try {
    make_tokens();
    FAIL("the disk never filled up");
  } catch (const Error& error) {
    INFO(error.message());
    CHECK(error.code() == Code::full);
  }
  registry.expect(0, {"show", "churn@1"});
  disk.make_room();
  api.create_token({"t", "reader", "*", std::nullopt});
  const auto trail = registry.json({"audit", "--limit", "100000"});
  CHECK(std::count_if(trail.begin(), trail.end(), [](const auto& entry) {
          return entry["action"] == "create_token" && entry["actor"] == "admin";
        }) == static_cast<std::ptrdiff_t>(made) + 1);
  registry.expect(0, {"promote", "churn@2", "--to", "production"});
  CHECK(registry.json({"show", "churn@production"})["number"] == 2);
  registry.stop();
  const auto fsck = registry.json({"fsck", "--data", registry.data().string()});
  CHECK(fsck["problems"].empty());
  CHECK(fsck["versions"] == 2);
}

}  // namespace
}  // namespace assay::test
