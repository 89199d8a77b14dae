// SPDX-License-Identifier: Apache-2.0
// One SQLite connection, hardened, with its prepared statements. Inside the catalogue only.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
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

  // Whether the last input or output that failed did so for want of room on the disk.
  bool is_out_of_room() const;
  // What went wrong on this connection just now: `what` was attempted, `status` is SQLite's answer.
  Error error(std::string_view what, int status) const;

 private:
  void harden(SessionMode mode);
  sqlite3_stmt* prepare(std::string_view sql, unsigned flags);
  // Gives the statement back when it throws.
  void bind_all(sqlite3_stmt* statement, std::span<const Value> values);
  static int check_deadline(void* session);

  sqlite3* handle_ = nullptr;
  std::map<std::string, std::vector<sqlite3_stmt*>, std::less<>> idle_;  // by the SQL of `borrow`
  std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::time_point::max();
};

}  // namespace assay
