// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/sqlite_session.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "storage/base/error.h"

namespace assay {
namespace {

// Another process may hold the file for a moment: a backup, or sqlite3 in somebody's hand.
constexpr int kBusyTimeout_ms = 5000;
// Virtual machine steps between two looks at the clock: some 0.1 ms.
constexpr int kStepsPerCheck = 20'000;

// Pages kept in memory: the upper levels of the indexes of a million versions.
constexpr int kCache_KiB = 16 * 1024;

Code code_of(int status) {
  if (status == SQLITE_CONSTRAINT_UNIQUE || status == SQLITE_CONSTRAINT_PRIMARYKEY)
    return Code::already_exists;
  switch (status & 0xFF) {
    case SQLITE_FULL:
      return Code::full;
    case SQLITE_TOOBIG:
      return Code::too_large;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Code::corrupt;
    case SQLITE_INTERRUPT:
      return Code::deadline;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_NOMEM:
    case SQLITE_PERM:
      return Code::unavailable;
    default:
      return Code::internal;
  }
}

std::string_view advice(Code code) {
  switch (code) {
    case Code::full:
      return "; free some disk space and try again";
    case Code::corrupt:
      return "; stop the server and run assay fsck";
    case Code::deadline:
      return "; ask for less at once";
    case Code::unavailable:
      return "; try again, and look at the disk if it persists";
    default:
      return "";
  }
}

bool is_sync(int status) {
  return status == SQLITE_IOERR_FSYNC || status == SQLITE_IOERR_DIR_FSYNC;
}

// Nobody but the owner: the file holds token hashes. SQLite gives its journals the same mode.
void create_private(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file >= 0)
    ::close(file);
  else if (errno != EEXIST)
    throw system_error("Creating the catalogue " + path.string(), errno);
}

int bind(sqlite3_stmt* statement, int index, const Value& value) {
  struct Binder {
    sqlite3_stmt* statement;
    int index;
    int operator()(std::nullptr_t) const { return sqlite3_bind_null(statement, index); }
    int operator()(std::int64_t number) const { return sqlite3_bind_int64(statement, index, number); }
    int operator()(double number) const { return sqlite3_bind_double(statement, index, number); }
    // Copied: a caller's temporary ends before the rows do.
    int operator()(std::string_view text) const {
      return sqlite3_bind_text64(statement, index, text.data() == nullptr ? "" : text.data(), text.size(),
                                 SQLITE_TRANSIENT, SQLITE_UTF8);
    }
    int operator()(const Value::Bytes& bytes) const {
      return sqlite3_bind_blob64(statement, index, bytes.data == nullptr ? "" : bytes.data, bytes.size,
                                 SQLITE_TRANSIENT);
    }
  };
  return std::visit(Binder{statement, index}, value.get());
}

}  // namespace

Session::Session(const std::filesystem::path& path, SessionMode mode) {
  // Nobody asks SQLite how much memory it uses; counting would make all its threads wait for each other. It is too late,
  // and does no harm, where somebody has used SQLite before.
  [[maybe_unused]] static const int counted = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  if (mode == SessionMode::write) create_private(path);
  const int status =
      sqlite3_open_v2(path.c_str(), &handle_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  try {
    if (status != SQLITE_OK) throw error("Opening the catalogue " + path.string(), status);
    harden(mode);
  } catch (...) {
    sqlite3_close_v2(handle_);
    throw;
  }
}

Session::~Session() {
  for (const auto& [sql, statements] : idle_)
    for (sqlite3_stmt* statement : statements) sqlite3_finalize(statement);
  sqlite3_close_v2(handle_);
}

void Session::harden(SessionMode mode) {
  sqlite3_extended_result_codes(handle_, 1);
  sqlite3_busy_timeout(handle_, kBusyTimeout_ms);
  // A doctored file must not make its schema run code, nor a bug of ours edit the schema or the journal mode.
  const std::pair<int, int> settings[] = {
      {SQLITE_DBCONFIG_DEFENSIVE, 1},   {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
      {SQLITE_DBCONFIG_ENABLE_FKEY, 1}, {SQLITE_DBCONFIG_DQS_DML, 0},
      {SQLITE_DBCONFIG_DQS_DDL, 0},     {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0}};
  for (const auto& [setting, value] : settings)
    if (const int status = sqlite3_db_config(handle_, setting, value, nullptr); status != SQLITE_OK)
      throw error("Configuring the catalogue", status);
  run("PRAGMA mmap_size = 0");  // a disk error is then an error, not a signal
  run("PRAGMA temp_store = MEMORY");
  run("PRAGMA wal_autocheckpoint = 0");  // it would not tell when it fails
  run(fmt::format("PRAGMA cache_size = -{}", kCache_KiB).c_str());
  if (mode == SessionMode::write) {
    run("PRAGMA cell_size_check = ON");  // damage is not built upon; a reader would pay a tenth of its time for it
    run("PRAGMA synchronous = FULL");  // NORMAL loses acknowledged commits when the power fails
    sqlite3_wal_hook(handle_, &Session::note_log, this);
  } else {
    run("PRAGMA query_only = ON");
    sqlite3_progress_handler(handle_, kStepsPerCheck, &Session::check_deadline, this);
  }
}

int Session::check_deadline(void* session) {
  return std::chrono::steady_clock::now() > static_cast<Session*>(session)->deadline_ ? 1 : 0;
}

int Session::note_log(void* session, sqlite3*, const char*, int pages) {
  static_cast<Session*>(session)->log_pages_ = static_cast<std::size_t>(pages);
  return SQLITE_OK;
}

void Session::keep_log() noexcept {
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

// Not every way in which SQLite meets a full disk is SQLITE_FULL: its shared index, for one, has a code of
// its own.
bool Session::is_out_of_room() const {
  const int reason = handle_ != nullptr ? sqlite3_system_errno(handle_) : 0;
  return reason == ENOSPC || reason == EDQUOT;
}

bool Session::is_disk_failure(int status) const {
  return (status & 0xFF) == SQLITE_IOERR && (is_sync(status) || !is_out_of_room());
}

Error Session::error(std::string_view what, int status) {
  if (is_sync(status)) {
    sync_failed_ = true;
    keep_log();
  }
  const bool full = (status & 0xFF) == SQLITE_IOERR && !is_disk_failure(status);
  const Code code = full ? Code::full : code_of(status);
  const char* why = handle_ != nullptr ? sqlite3_errmsg(handle_) : sqlite3_errstr(status);
  return Error(code, fmt::format("{} failed: {}{}", what, why, advice(code)));
}

void Session::run(const char* sql) {
  const int status = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (status != SQLITE_OK) throw error("A statement of the catalogue", status);
}

void Session::step(std::string_view sql) {
  Rows(*this, borrow(sql, {})).next();
}

void Session::roll_back() noexcept {
  if (sqlite3_get_autocommit(handle_) != 0) return;
  try {
    step("ROLLBACK");
  } catch (...) {  // no memory to prepare it, say
    sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

std::int64_t Session::number(const char* sql) {
  Rows rows(*this, borrow(sql, {}));
  if (!rows.next()) throw Error(Code::internal, fmt::format("\"{}\" gave no row", sql));
  return rows.get<std::int64_t>(0);
}

sqlite3_stmt* Session::prepare(std::string_view sql, unsigned flags) {
  sqlite3_stmt* statement = nullptr;
  const int status =
      sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), flags, &statement, nullptr);
  if (status != SQLITE_OK) throw error("Preparing a statement of the catalogue", status);
  return statement;
}

void Session::bind_all(sqlite3_stmt* statement, std::span<const Value> values) {
  int index = 0;
  for (const Value& value : values)
    if (const int status = bind(statement, ++index, value); status != SQLITE_OK) {
      give_back(statement);
      throw error("Binding a value of the catalogue", status);
    }
}

sqlite3_stmt* Session::borrow(std::string_view sql, Values values) {
  auto idle = idle_.find(sql);
  if (idle == idle_.end()) idle = idle_.try_emplace(std::string(sql)).first;
  sqlite3_stmt* statement = nullptr;
  if (idle->second.empty()) {
    std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> made(prepare(sql, SQLITE_PREPARE_PERSISTENT), sqlite3_finalize);
    kept_.emplace(made.get(), &idle->second);
    statement = made.release();
  } else {
    statement = idle->second.back();
    idle->second.pop_back();
  }
  bind_all(statement, {values.begin(), values.size()});
  return statement;
}

sqlite3_stmt* Session::prepare_once(std::string_view sql, std::span<const Value> values) {
  sqlite3_stmt* statement = prepare(sql, 0);
  bind_all(statement, values);
  return statement;
}

void Session::give_back(sqlite3_stmt* statement) noexcept {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  const auto kept = kept_.find(statement);
  if (kept != kept_.end()) {
    try {
      kept->second->push_back(statement);
      return;
    } catch (...) {  // no memory to remember it
      kept_.erase(kept);
    }
  }
  sqlite3_finalize(statement);
}

Value::Value(std::uint64_t value) {
  if (value > static_cast<std::uint64_t>(INT64_MAX))
    throw Error(Code::too_large, fmt::format("{} is beyond what the catalogue can count (2^63 - 1)", value));
  value_ = static_cast<std::int64_t>(value);
}

Rows::~Rows() {
  if (statement_ != nullptr) session_->give_back(statement_);
}

bool Rows::next() {
  const int status = sqlite3_step(statement_);
  if (status == SQLITE_ROW) return true;
  if (status == SQLITE_DONE) return false;
  throw session_->error("Reading the catalogue", status);
}

namespace {

void expect_type(sqlite3_stmt* statement, int index, int type, std::string_view wanted) {
  if (sqlite3_column_type(statement, index) == type) return;
  throw Error(Code::corrupt,
              fmt::format("The catalogue's column {} of \"{}\" is not {}; stop the server and run assay fsck",
                          index, sqlite3_sql(statement), wanted));
}

}  // namespace

bool Rows::null(int index) const {
  return sqlite3_column_type(statement_, index) == SQLITE_NULL;
}

std::int64_t Rows::column(int index, std::type_identity<std::int64_t>) const {
  expect_type(statement_, index, SQLITE_INTEGER, "a whole number");
  return sqlite3_column_int64(statement_, index);
}

double Rows::column(int index, std::type_identity<double>) const {
  if (sqlite3_column_type(statement_, index) != SQLITE_INTEGER)
    expect_type(statement_, index, SQLITE_FLOAT, "a number");
  return sqlite3_column_double(statement_, index);
}

bool Rows::column(int index, std::type_identity<bool>) const {
  return column(index, std::type_identity<std::int64_t>()) != 0;
}

std::string Rows::column(int index, std::type_identity<std::string>) const {
  // Bytes are text without an encoding to the caller; columns say which they are.
  if (sqlite3_column_type(statement_, index) != SQLITE_BLOB)
    expect_type(statement_, index, SQLITE_TEXT, "text");
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, index));
  const int size = sqlite3_column_bytes(statement_, index);
  return data == nullptr ? std::string() : std::string(data, static_cast<std::size_t>(size));
}

Digest Rows::column(int index, std::type_identity<Digest>) const {
  expect_type(statement_, index, SQLITE_BLOB, "a digest");
  const std::string text = column(index, std::type_identity<std::string>());
  Digest::Bytes bytes;
  if (text.size() != bytes.size()) expect_type(statement_, index, SQLITE_NULL, "a digest of 32 bytes");
  std::copy(text.begin(), text.end(), bytes.begin());
  return Digest(bytes);
}

Id Rows::column(int index, std::type_identity<Id>) const {
  return Id::parse(column(index, std::type_identity<std::string>()));
}

Time Rows::column(int index, std::type_identity<Time>) const {
  return from_milliseconds(column(index, std::type_identity<std::int64_t>()));
}

Rows Snapshot::query(std::string_view sql, Values values) {
  return Rows(session_, session_.borrow(sql, values));
}

Rows Snapshot::query_once(std::string_view sql, std::span<const Value> values) {
  return Rows(session_, session_.prepare_once(sql, values));
}

void Snapshot::limit_time(std::chrono::milliseconds time) {
  session_.set_deadline(std::chrono::steady_clock::now() + time);
}

std::int64_t Transaction::execute(std::string_view sql, Values values) {
  Rows rows(session_, session_.borrow(sql, values));
  if (rows.next()) throw Error(Code::internal, fmt::format("\"{}\" gave rows that nobody reads", sql));
  return sqlite3_changes64(session_.handle());
}

std::int64_t Transaction::last_insert_id() const {
  return sqlite3_last_insert_rowid(session_.handle());
}

}  // namespace assay
