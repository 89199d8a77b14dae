// SPDX-License-Identifier: Apache-2.0
// A shim over SQLite's own VFS. For power cuts it keeps each file as the disk has it and what was done to it since the
// last sync; that a file's name may be lost too is not imitated.
#include "tests/support/killing_vfs.h"

#include <signal.h>
#include <sqlite3.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace assay::test {
namespace {

struct Change {
  std::size_t offset;  // or the new size
  std::string bytes{};
  bool truncates = false;
};
struct Unsynced {
  std::string synced{};
  std::vector<Change> changes{};
};

struct State {
  Death death = Death::kill;
  std::mt19937_64 random{};
  sqlite3_vfs* real = nullptr;
  std::mutex mutex{};
  std::size_t left = 0;  // operations to live, or until the first that fails; 0: not armed
  std::optional<Fault> fault{};
  Met met{};
  std::map<std::string, Unsynced> files{};
};
State& state() {
  static State one;
  return one;
}

struct File {
  sqlite3_file base;
  std::string* path;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};
File& as_file(sqlite3_file* file) {
  return *reinterpret_cast<File*>(file);
}

std::string contents(sqlite3_file* file) {
  sqlite3_int64 size = 0;
  file->pMethods->xFileSize(file, &size);
  std::string out(static_cast<std::size_t>(size), '\0');
  if (size > 0) file->pMethods->xRead(file, out.data(), static_cast<int>(size), 0);
  return out;
}

void redo(std::string& bytes, const Change& change) {
  if (change.truncates) return bytes.resize(change.offset);
  bytes.resize(std::max(bytes.size(), change.offset + change.bytes.size()));
  bytes.replace(change.offset, change.bytes.size(), change.bytes);
}

void lose_unsynced(State& all) {
  for (auto& [path, file] : all.files) {
    for (Change& change : file.changes) {
      const auto fate = all.random() % 4;
      if (fate == 0) change.bytes.resize(change.bytes.size() / 2);
      if (fate <= 1) redo(file.synced, change);
    }
    std::ofstream(path, std::ios::binary).write(file.synced.data(), static_cast<std::streamsize>(file.synced.size()));
  }
}

enum class Operation { open, write, truncate, sync, remove };
enum class Fate { go_on, fail, die };

bool counts(const State& all, Operation operation) {
  if (!all.fault) return operation != Operation::open;
  return operation == Operation::open || (all.fault->error_number != EMFILE && operation != Operation::remove);
}

// Asked before each operation, with the mutex held. One that is to fail sets errno.
Fate next(State& all, Operation operation) {
  if (all.left == 0 || !counts(all, operation) || --all.left > 0) return Fate::go_on;
  if (!all.fault) return Fate::die;
  all.met.fault = true;
  all.met.sync = all.met.sync || operation == Operation::sync;
  if (all.fault->sticky) all.left = 1;
  errno = all.fault->error_number;
  return Fate::fail;
}

[[noreturn]] void die(State& all) {
  if (all.death != Death::kill) lose_unsynced(all);
  ::raise(SIGKILL);
  std::abort();
}

void note(State& all, File& file, Change change) {
  if (all.death == Death::kill) return;
  const auto [found, first] = all.files.try_emplace(*file.path);
  if (first) found->second.synced = contents(file.real());
  found->second.changes.push_back(std::move(change));
}

int write_file(sqlite3_file* base, const void* bytes, int size, sqlite3_int64 offset) {
  State& all = state();
  const std::lock_guard lock(all.mutex);
  File& file = as_file(base);
  const Fate fate = next(all, Operation::write);
  const int failed = errno;
  const int done = fate == Fate::go_on ? size : size / 2;
  // Dying by a power cut, it is for lose_unsynced to say how much of it there is.
  const auto noted = static_cast<std::size_t>(fate == Fate::die ? size : done);
  note(all, file, {static_cast<std::size_t>(offset), {static_cast<const char*>(bytes), noted}});
  const int status = file.real()->pMethods->xWrite(file.real(), bytes, done, offset);
  if (fate == Fate::die) die(all);
  if (fate == Fate::go_on) return status;
  errno = failed;
  return failed == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

int truncate_file(sqlite3_file* base, sqlite3_int64 size) {
  State& all = state();
  const std::lock_guard lock(all.mutex);
  const Fate fate = next(all, Operation::truncate);
  if (fate == Fate::die) die(all);
  if (fate == Fate::fail) return SQLITE_IOERR_TRUNCATE;
  File& file = as_file(base);
  note(all, file, {static_cast<std::size_t>(size), {}, true});
  return file.real()->pMethods->xTruncate(file.real(), size);
}

int sync_file(sqlite3_file* base, int flags) {
  State& all = state();
  const std::lock_guard lock(all.mutex);
  const Fate fate = next(all, Operation::sync);
  if (fate == Fate::die) die(all);
  File& file = as_file(base);
  const auto found = all.files.find(*file.path);
  if (found != all.files.end() && all.death != Death::lying_disk) {
    if (fate == Fate::go_on)
      for (const Change& change : found->second.changes) redo(found->second.synced, change);
    found->second.changes.clear();
  }
  if (fate == Fate::fail) return SQLITE_IOERR_FSYNC;
  return file.real()->pMethods->xSync(file.real(), flags);
}

int close_file(sqlite3_file* base) {
  File& file = as_file(base);
  const int status = file.real()->pMethods->xClose(file.real());
  delete file.path;
  return status;
}

// Hands a method through to the real file.
template <auto Method, class... Args>
auto through(sqlite3_file* base, Args... args) {
  sqlite3_file* real = as_file(base).real();
  return (real->pMethods->*Method)(real, args...);
}
template <auto Method, class Result, class... Args>
Result (*forwarded(Result (*sqlite3_io_methods::*)(sqlite3_file*, Args...)))(sqlite3_file*, Args...) {
  return [](sqlite3_file* base, Args... args) -> Result { return through<Method>(base, args...); };
}
#define ASSAY_FORWARD(method) forwarded<&sqlite3_io_methods::method>(&sqlite3_io_methods::method)

const sqlite3_io_methods kMethods = {
    .iVersion = 2,  // without memory maps
    .xClose = close_file,
    .xRead = ASSAY_FORWARD(xRead),
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = ASSAY_FORWARD(xFileSize),
    .xLock = ASSAY_FORWARD(xLock),
    .xUnlock = ASSAY_FORWARD(xUnlock),
    .xCheckReservedLock = ASSAY_FORWARD(xCheckReservedLock),
    .xFileControl = ASSAY_FORWARD(xFileControl),
    .xSectorSize = ASSAY_FORWARD(xSectorSize),
    .xDeviceCharacteristics = ASSAY_FORWARD(xDeviceCharacteristics),
    .xShmMap = ASSAY_FORWARD(xShmMap),
    .xShmLock = ASSAY_FORWARD(xShmLock),
    .xShmBarrier = ASSAY_FORWARD(xShmBarrier),
    .xShmUnmap = ASSAY_FORWARD(xShmUnmap),
    .xFetch = nullptr,
    .xUnfetch = nullptr};

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* base, int flags, int* out_flags) {
  File& file = as_file(base);
  base->pMethods = nullptr;
  {
    const std::lock_guard lock(state().mutex);
    if (next(state(), Operation::open) == Fate::fail) return SQLITE_CANTOPEN;
  }
  const int status = state().real->xOpen(state().real, name, file.real(), flags, out_flags);
  if (status != SQLITE_OK) return status;
  file.path = new std::string(name ? name : "");
  base->pMethods = &kMethods;
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs*, const char* name, int sync) {
  State& all = state();
  const std::lock_guard lock(all.mutex);
  if (next(all, Operation::remove) == Fate::die) die(all);
  all.files.erase(name);
  return all.real->xDelete(all.real, name, sync);
}

}  // namespace

void use_killing_vfs(Death death, std::uint64_t seed) {
  State& all = state();
  all.death = death;
  all.random.seed(seed);
  all.real = sqlite3_vfs_find(nullptr);
  static sqlite3_vfs shim = *all.real;  // the rest of its methods need no file of ours
  shim.zName = "killing";
  shim.pNext = nullptr;
  shim.szOsFile += static_cast<int>(sizeof(File));
  shim.xOpen = open_file;
  shim.xDelete = delete_file;
  if (sqlite3_vfs_register(&shim, 1) != SQLITE_OK) throw std::runtime_error("registering the VFS failed");
}

void die_at(std::size_t at) {
  const std::lock_guard lock(state().mutex);
  state().left = at;
}

void die_now() {
  const std::lock_guard lock(state().mutex);
  die(state());
}

void fail_at(std::size_t at, const Fault& fault) {
  const std::lock_guard lock(state().mutex);
  state().fault = fault;
  state().met = {};
  state().left = at;
}

Met stop_failing() {
  const std::lock_guard lock(state().mutex);
  state().fault.reset();
  state().left = 0;
  return state().met;
}

}  // namespace assay::test
