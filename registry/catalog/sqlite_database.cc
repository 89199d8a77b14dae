// SPDX-License-Identifier: Apache-2.0
// The database: its schema (schema.h), a pool of readers, and the writer (write_queue.h).
#include "registry/catalog/sqlite_database.h"

#include <fmt/format.h>

#include <condition_variable>
#include <mutex>
#include <vector>

#include "registry/catalog/catalogue_meter.h"
#include "registry/catalog/schema.h"
#include "registry/catalog/sqlite_session.h"
#include "registry/catalog/write_queue.h"
#include "storage/base/error.h"

namespace assay {
namespace {

using std::chrono::steady_clock;

// Sessions for reading, opened as they are needed and kept.
class ReaderPool {
 public:
  ReaderPool(std::filesystem::path path, const SqliteOptions& options, CatalogueMeter& meter)
      : path_(std::move(path)), options_(options), meter_(meter) {
    meter_.readers = options_.readers;
    idle_.reserve(options_.readers);  // so that giving back cannot fail
  }

  // Lends a session until the result is gone. Throws unavailable when none gets free in time.
  auto borrow() {
    const auto give_back = [this](Session* session) {
      {
        const std::lock_guard lock(mutex_);
        idle_.emplace_back(session);
        --meter_.readers_busy;
      }
      free_.notify_one();
    };
    return std::unique_ptr<Session, decltype(give_back)>(take().release(), give_back);
  }

 private:
  std::unique_ptr<Session> take() {
    std::unique_lock lock(mutex_);
    const auto ready = [this] { return !idle_.empty() || open_ < options_.readers; };
    if (!free_.wait_for(lock, options_.reader_wait, ready)) {
      ++meter_.reads_refused;
      throw Error(Code::unavailable, "All readers of the catalogue are busy; try again in a moment");
    }
    ++meter_.readers_busy;
    if (idle_.empty()) {
      ++open_;
      lock.unlock();
      try {
        return std::make_unique<Session>(path_, SessionMode::read);
      } catch (...) {
        lock.lock();
        --open_;
        --meter_.readers_busy;
        throw;
      }
    }
    auto session = std::move(idle_.back());
    idle_.pop_back();
    return session;
  }

  const std::filesystem::path path_;
  const SqliteOptions options_;
  CatalogueMeter& meter_;
  std::mutex mutex_;
  std::condition_variable free_;
  std::vector<std::unique_ptr<Session>> idle_;
  std::size_t open_ = 0;
};

class SqliteDatabase final : public Database {
 public:
  SqliteDatabase(const std::filesystem::path& path, const SqliteOptions& options)
      : path_(path),
        options_(options),
        meter_(options.meter != nullptr ? *options.meter : own_meter_),
        session_(path, SessionMode::write),
        readers_(path, options, meter_) {
    check_identity(session_, path_);
    begin_log();
    recover_log();
  }

  void migrate() override {
    upgrade_schema(session_, path_, options_.schema);
    writer_ = std::make_unique<WriteQueue>(session_, meter_, options_);
  }

  std::uint64_t commits() const override { return writer_ ? writer_->commits() : 0; }

 private:
  void begin_log() {
    Rows mode(session_, session_.borrow("PRAGMA journal_mode = WAL", {}));
    if (!mode.next() || mode.get<std::string>(0) != "wal")
      throw Error(Code::unavailable,
                  path_.string() + " cannot have a write-ahead log there; use a local file system");
  }

  void recover_log() {
    // After a sync that failed, the log may be whole in memory and have a hole on the disk, and what was written behind
    // a hole would be lost with the power. So nothing is: what there is goes into the file, and a new log begins. Whoever
    // reads at this moment, such as a backup, leaves only the last part to the first write that finds nobody reading.
    try {
      session_.run("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch (const Error& error) {
      if (error.code() != Code::full) throw;  // a full disk can be read
    }
  }

  void run_read(const std::function<void(Snapshot&)>& fn) override {
    ensure_migrated();
    const auto session = readers_.borrow();
    session->set_deadline(steady_clock::now() + options_.read_deadline);
    session->step("BEGIN");
    Snapshot snapshot(*session);
    // Letting go of the snapshot, however fn ends: it would keep the log from being reused.
    const auto end = [](Session* reading) {
      reading->set_deadline(steady_clock::time_point::max());
      reading->roll_back();
    };
    const std::unique_ptr<Session, decltype(end)> guard(session.get(), end);
    fn(snapshot);
  }

  void run_write(const std::function<void(Transaction&)>& fn) override {
    ensure_migrated();
    writer_->run(fn);
  }

  void ensure_migrated() const {
    if (!writer_) throw Error(Code::internal, "The catalogue was used before migrate()");
  }

  const std::filesystem::path path_;
  const SqliteOptions options_;
  CatalogueMeter own_meter_;
  CatalogueMeter& meter_;
  Session session_;
  ReaderPool readers_;
  std::unique_ptr<WriteQueue> writer_;  // last: its thread uses the session
};

}  // namespace

std::unique_ptr<Database> open_sqlite_database(const std::filesystem::path& path,
                                               const SqliteOptions& options) {
  return std::make_unique<SqliteDatabase>(path, options);
}

}  // namespace assay
