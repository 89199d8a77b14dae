// SPDX-License-Identifier: Apache-2.0
// One SQLite connection, hardened, with its prepared statements. Inside the catalogue only.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "registry/catalog/database.h"
#include "storage/base/error.h"

namespace assay {

enum class SessionMode {
  write,  // the only connection that changes or checkpoints; creates the file
  read,   // refuses every change and never checkpoints
};

// One thread at a time. Throws Error: full, corrupt, unavailable (disk or lock), deadline, or internal for a
// statement that is wrong.
class Session {
 public:
  Session(const std::filesystem::path& path, SessionMode mode);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  sqlite3* handle() const { return handle_; }

  // Runs statements without values, such as BEGIN or a migration.
  void run(const char* sql);
  // One statement without values or rows that is run over and over, such as BEGIN; kept prepared.
  void step(std::string_view sql);
  std::int64_t number(const char* sql);  // the first column of its one row

  // Ends whatever transaction is open, losing its changes; nothing happens without one.
  void roll_back() noexcept;

  // A statement of its own until it is given back; `sql` is a literal.
  sqlite3_stmt* borrow(std::string_view sql, Values values);
  // The same, but it is not kept afterwards.
  sqlite3_stmt* prepare_once(std::string_view sql, std::span<const Value> values);
  void give_back(sqlite3_stmt* statement) noexcept;

  // Statements that still run then throw deadline. Far ahead means none.
  void set_deadline(std::chrono::steady_clock::time_point deadline) { deadline_ = deadline; }

  // What went wrong on this connection just now: `what` was attempted, `status` is SQLite's answer.
  Error error(std::string_view what, int status);

  // Whether `status`, the answer to the last call, says that the disk failed; a full one did not, unless it said so only
  // at a sync.
  bool is_disk_failure(int status) const;
  // Whether a sync of this session ever failed. Then nobody knows what the disk holds, and asking again would not tell:
  // the kernel takes what it could not write for written.
  bool sync_failed() const { return sync_failed_; }  // and the log is kept

  // How many pages the log held after the last commit of this session, which writes. Nothing moves them into the file
  // but who asks for it, and closing.
  std::size_t log_pages() const { return log_pages_; }
  // From now on closing leaves the log as it is, to be recovered by the next session.
  void keep_log() noexcept;

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };

  void harden(SessionMode mode);
  bool is_out_of_room() const;
  sqlite3_stmt* prepare(std::string_view sql, unsigned flags);
  // Gives the statement back when it throws.
  void bind_all(sqlite3_stmt* statement, std::span<const Value> values);
  static int check_deadline(void* session);
  static int note_log(void* session, sqlite3*, const char* schema, int pages);

  sqlite3* handle_ = nullptr;
  // Statements of `borrow` that nobody uses, by their SQL; and of every one that is kept, used or not, its place there.
  std::unordered_map<std::string, std::vector<sqlite3_stmt*>, TextHash, std::equal_to<>> idle_;
  std::unordered_map<sqlite3_stmt*, std::vector<sqlite3_stmt*>*> kept_;
  std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::time_point::max();
  std::size_t log_pages_ = 0;
  bool sync_failed_ = false;
};

}  // namespace assay
