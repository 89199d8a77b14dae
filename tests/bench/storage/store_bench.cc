// SPDX-License-Identifier: Apache-2.0
// Drives the blob store in process for tests/bench/storage: each command does one thing once and prints one
// line of JSON. What is judged and how often is bench.py's business.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <random>
#include <span>
#include <thread>
#include <vector>

#include "storage/base/error.h"
#include "storage/base/sha256.h"
#include "storage/blob/blob_store.h"
#include "storage/blob/local_blob_store.h"

namespace assay::bench {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kCopyBytes = std::size_t{1} << 20;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Of this program alone: ru_maxrss would count what its parent had before exec.
std::uint64_t peak_memory_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stoull(line.substr(6)) * 1024;
  return 0;
}

// Wall and CPU from construction to the call of `add_to`.
class Stopwatch {
 public:
  void add_to(Json& result) const {
    result["seconds"] = seconds_since(start_);
    result["cpu_seconds"] = cpu_seconds() - cpu_;
  }

 private:
  Clock::time_point start_ = Clock::now();
  double cpu_ = cpu_seconds();
};

class OpenFile {
 public:
  OpenFile(const fs::path& path, int flags)
      : path_(path), fd_(::open(path.c_str(), flags | O_CLOEXEC, 0644)) {
    if (fd_ < 0) fail("opening");
  }
  ~OpenFile() { ::close(fd_); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  std::size_t read(std::span<std::byte> out) const {
    const ssize_t n = ::read(fd_, out.data(), out.size());
    if (n < 0) fail("reading");
    return static_cast<std::size_t>(n);
  }
  void write(std::span<const std::byte> bytes) const {
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
      if (n < 0) fail("writing");
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
  }
  // So that the disk begins before the end, and finds its blocks in one piece.
  void begin_writing(std::uint64_t offset, std::uint64_t length) const {
    (void)::sync_file_range(fd_, static_cast<off_t>(offset), static_cast<off_t>(length),
                            SYNC_FILE_RANGE_WRITE);
  }
  void reserve(std::uint64_t size) const { (void)::fallocate(fd_, 0, 0, static_cast<off_t>(size)); }
  void rewind() const {
    if (::lseek(fd_, 0, SEEK_SET) != 0) fail("rewinding");
  }
  // A destination such as /dev/null cannot be synced and need not be.
  void sync() const {
    if (::fdatasync(fd_) != 0 && errno != EINVAL) fail("syncing");
  }
  void drop_cache() const { ::posix_fadvise(fd_, 0, 0, POSIX_FADV_DONTNEED); }

 private:
  [[noreturn]] void fail(const char* what) const {
    throw Error(Code::unavailable, std::string(what) + " " + path_.string() + ": " + std::strerror(errno));
  }

  fs::path path_;
  int fd_;
};

void drop_cache(const fs::path& directory) {
  for (const auto& entry : fs::recursive_directory_iterator(directory))
    if (entry.is_regular_file()) OpenFile(entry.path(), O_RDONLY).drop_cache();
}

BlobInfo upload(BlobStore& store, const UploadOptions& options, const fs::path& path,
                std::span<std::byte> buffer) {
  const OpenFile file(path, O_RDONLY);
  const auto upload = store.begin_upload(options);
  while (const std::size_t n = file.read(buffer)) upload->write(buffer.first(n));
  return upload->finish();
}

struct Put {
  fs::path store, file;
  std::vector<std::string> parents;
  std::size_t write_size = kCopyBytes;

  Json run() const {
    UploadOptions options;
    for (const std::string& parent : parents) options.parents.push_back(Digest::parse(parent));
    std::vector<std::byte> buffer(write_size);
    const auto opened = Clock::now();
    const auto blobs = open_local_blob_store(store);
    Json result{{"open_seconds", seconds_since(opened)}};
    const Stopwatch stopwatch;
    const BlobInfo blob = upload(*blobs, options, file, buffer);
    stopwatch.add_to(result);
    result["digest"] = blob.digest.text();
    result["size"] = blob.size;
    result["stored_size"] = blob.stored_size;
    return result;
  }
};

struct PutTree {
  fs::path store, directory;
  unsigned threads = 16;

  Json run() const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(directory))
      if (entry.is_regular_file()) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    const auto blobs = open_local_blob_store(store);
    const Stopwatch stopwatch;
    const std::uint64_t size = upload_all(*blobs, files);
    Json result{{"files", files.size()}, {"size", size}, {"threads", threads}};
    stopwatch.add_to(result);
    result["stored_size"] = blobs->totals().stored_bytes;
    return result;
  }

  std::uint64_t upload_all(BlobStore& blobs, const std::vector<fs::path>& files) const {
    std::atomic<std::size_t> next = 0;
    std::atomic<std::uint64_t> size = 0;
    std::mutex mutex;
    std::exception_ptr failure;
    const auto work = [&] {
      std::vector<std::byte> buffer(kCopyBytes);
      try {
        for (std::size_t i; (i = next++) < files.size();) size += upload(blobs, {}, files[i], buffer).size;
      } catch (...) {
        const std::lock_guard lock(mutex);
        failure = std::current_exception();
        next = files.size();
      }
    };
    std::vector<std::thread> workers;
    for (unsigned i = 0; i < threads; ++i) workers.emplace_back(work);
    for (std::thread& worker : workers) worker.join();
    if (failure) std::rethrow_exception(failure);
    return size;
  }
};

struct Get {
  static constexpr std::uint64_t kWritebackStep = 16 << 20;

  fs::path store, out;
  std::string digest;
  bool over = false;

  Json run() const {
    const auto blobs = open_local_blob_store(store);
    const OpenFile file(out, over ? O_WRONLY : O_WRONLY | O_CREAT | O_TRUNC);
    std::vector<std::byte> buffer(kCopyBytes);
    Json result{{"digest", digest}};
    const Stopwatch stopwatch;
    const auto reader = blobs->open(Digest::parse(digest), {});
    if (!over) file.reserve(reader->size());
    std::uint64_t done = 0, begun = 0;
    while (const std::size_t n = reader->read(buffer)) {
      file.write(std::span(buffer).first(n));
      done += n;
      if (done - begun < kWritebackStep) continue;
      file.begin_writing(begun, done - begun);
      begun = done;
    }
    Json written;
    stopwatch.add_to(written);
    file.sync();
    stopwatch.add_to(result);
    result["unsynced_seconds"] = written["seconds"];
    result["size"] = reader->size();
    return result;
  }
};

// One range a time, each opened anew as a request does.
struct Range {
  fs::path store;
  std::string digest;
  std::uint64_t length = 65536, seed = 1;
  std::size_t count = 2000;
  bool cold = false;

  Json run() const {
    const auto blobs = open_local_blob_store(store);
    const Digest blob = Digest::parse(digest);
    const auto info = blobs->stat(blob);
    if (!info || info->size < length)
      throw Error(Code::not_found, digest + " is not stored or shorter than a range");
    std::mt19937_64 random(seed);
    std::uniform_int_distribution<std::uint64_t> anywhere(0, info->size - length);
    std::vector<std::uint64_t> offsets(count);
    for (std::uint64_t& offset : offsets) offset = anywhere(random);
    Json result{{"length", length}, {"count", count}, {"seed", seed}, {"cold", cold}};
    result["random"] = time_reads(*blobs, blob, offsets);
    if (cold) return result;
    std::fill(offsets.begin(), offsets.end(), offsets.front());
    result["repeated"] = time_reads(*blobs, blob, offsets);
    return result;
  }

  Json time_reads(const BlobStore& blobs, const Digest& blob,
                  const std::vector<std::uint64_t>& offsets) const {
    std::vector<double> microseconds;
    std::vector<std::byte> buffer(length);
    for (const std::uint64_t offset : offsets) {
      if (cold) drop_cache(store);
      const auto start = Clock::now();
      const auto reader = blobs.open(blob, {.offset = offset, .length = length});
      std::size_t done = 0;
      while (const std::size_t n = reader->read(std::span(buffer).subspan(done))) done += n;
      microseconds.push_back(seconds_since(start) * 1e6);
      if (done != length) throw Error(Code::internal, "a range came short");
    }
    std::sort(microseconds.begin(), microseconds.end());
    return {{"p50_us", microseconds[microseconds.size() / 2]},
            {"p99_us", microseconds[microseconds.size() * 99 / 100]}};
  }
};

struct HashFile {
  fs::path file;

  // The hashing alone, over bytes that have just been read; `seconds` is with the reading.
  Json run() const {
    const OpenFile source(file, O_RDONLY);
    std::vector<std::byte> buffer(kCopyBytes);
    while (source.read(buffer) != 0) {
    }
    source.rewind();
    Sha256 hash;
    Json result;
    double hashing = 0;
    std::uint64_t size = 0;
    const Stopwatch stopwatch;
    while (const std::size_t n = source.read(buffer)) {
      const auto start = Clock::now();
      hash.update(std::span(buffer).first(n));
      hashing += seconds_since(start);
      size += n;
    }
    stopwatch.add_to(result);
    result["hash_seconds"] = hashing;
    result["size"] = size;
    result["digest"] = hash.finish().text();
    return result;
  }
};

// What the disk gives: a new file written and synced, the same blocks again, and small durable appends.
struct SyncLimit {
  fs::path directory;
  std::size_t megabytes = 512;

  Json run() const {
    const fs::path path = directory / "sync-limit.tmp";
    Json result{{"bytes", megabytes << 20}};
    {
      const OpenFile file(path, O_RDWR | O_CREAT | O_TRUNC);
      result["first_write_seconds"] = write_all(file);
      result["rewrite_seconds"] = write_all(file);
      std::vector<double> appends;
      const std::vector<std::byte> page(4096);
      for (int i = 0; i < 200; ++i) {
        const auto start = Clock::now();
        file.write(page);
        file.sync();
        appends.push_back(seconds_since(start) * 1e6);
      }
      std::sort(appends.begin(), appends.end());
      result["append_sync_p50_us"] = appends[appends.size() / 2];
    }
    fs::remove(path);
    return result;
  }

  double write_all(const OpenFile& file) const {
    std::vector<std::byte> buffer(kCopyBytes);
    std::mt19937_64 random(1);
    for (std::byte& byte : buffer) byte = static_cast<std::byte>(random());
    file.rewind();
    const auto start = Clock::now();
    for (std::size_t i = 0; i < megabytes; ++i) file.write(buffer);
    file.sync();
    return seconds_since(start);
  }
};

// Prints what `command` returns when its subcommand is given.
template <typename Command>
void on_use(CLI::App& app, Command& command) {
  app.callback([&command] {
    Json result = command.run();
    result["peak_memory_bytes"] = peak_memory_bytes();
    std::cout << result.dump() << '\n';
  });
}

int run(int argc, char** argv) {
  CLI::App app("Measures the blob store in process; one line of JSON a command");
  app.require_subcommand(1);
  Put put;
  CLI::App& put_app = *app.add_subcommand("put", "Upload a file");
  put_app.add_option("store", put.store)->required();
  put_app.add_option("file", put.file)->required()->check(CLI::ExistingFile);
  put_app.add_option("--parent", put.parents, "sha256:… that is stored and probably alike; may be repeated");
  put_app.add_option("--write-size", put.write_size, "bytes a write")->check(CLI::PositiveNumber);
  on_use(put_app, put);
  PutTree tree;
  CLI::App& tree_app =
      *app.add_subcommand("put-tree", "Upload every file below a directory, each durable on its own");
  tree_app.add_option("store", tree.store)->required();
  tree_app.add_option("directory", tree.directory)->required()->check(CLI::ExistingDirectory);
  tree_app.add_option("--threads", tree.threads, "uploads at a time")->check(CLI::Range(1, 256));
  on_use(tree_app, tree);
  Get get;
  CLI::App& get_app = *app.add_subcommand("get", "Restore a blob into a file and sync it");
  get_app.add_option("store", get.store)->required()->check(CLI::ExistingDirectory);
  get_app.add_option("digest", get.digest)->required();
  get_app.add_option("out", get.out)->required();
  get_app.add_flag("--over", get.over, "write over a file of that size, to the blocks that it has");
  on_use(get_app, get);
  Range range;
  CLI::App& range_app =
      *app.add_subcommand("range", "Read ranges at random offsets, then one again and again");
  range_app.add_option("store", range.store)->required()->check(CLI::ExistingDirectory);
  range_app.add_option("digest", range.digest)->required();
  range_app.add_option("--length", range.length, "bytes a range")->check(CLI::PositiveNumber);
  range_app.add_option("--count", range.count, "ranges")->check(CLI::PositiveNumber);
  range_app.add_option("--seed", range.seed, "of the offsets");
  range_app.add_flag("--cold-cache", range.cold, "drop the store's pages from the page cache before each");
  on_use(range_app, range);
  HashFile hash;
  CLI::App& hash_app = *app.add_subcommand("sha256", "Hash a warm file on one thread");
  hash_app.add_option("file", hash.file)->required()->check(CLI::ExistingFile);
  on_use(hash_app, hash);
  SyncLimit limit;
  CLI::App& limit_app = *app.add_subcommand("sync-limit", "What the disk of a directory gives");
  limit_app.add_option("directory", limit.directory)->required()->check(CLI::ExistingDirectory);
  limit_app.add_option("--megabytes", limit.megabytes, "how much to write")->check(CLI::PositiveNumber);
  on_use(limit_app, limit);
  try {
    app.parse(argc, argv);
    return 0;
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  } catch (const std::exception& error) {
    std::cerr << "store_bench: " << error.what() << '\n';
    return 1;
  }
}

}  // namespace
}  // namespace assay::bench

int main(int argc, char** argv) {
  return assay::bench::run(argc, argv);
}
