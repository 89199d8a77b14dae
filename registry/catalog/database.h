// SPDX-License-Identifier: Apache-2.0
// The catalogue's port: transactions over SQL. Repositories (artifacts.h, tokens.h, …) hold the statements,
// one a noun: what reads takes a Snapshot, what writes takes a Transaction.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "registry/domain/id.h"
#include "registry/domain/time.h"
#include "storage/base/digest.h"

struct sqlite3;
struct sqlite3_stmt;

namespace assay {

class Session;  // one connection with its prepared statements; sqlite_session.h

// A bound parameter. Text and bytes are borrowed until the statement has been prepared and bound, i.e. for
// the call.
class Value {
 public:
  struct Bytes {
    const void* data;
    std::size_t size;
  };

  Value(std::nullptr_t) {}
  Value(std::int64_t value) : value_(value) {}
  Value(int value) : value_(std::int64_t{value}) {}
  Value(std::uint64_t value);  // throws too_large beyond 2^63 - 1
  Value(bool value) : value_(std::int64_t{value}) {}
  Value(double value) : value_(value) {}
  Value(std::string_view value) : value_(value) {}
  Value(const std::string& value) : value_(std::string_view(value)) {}
  Value(const char* value) : value_(std::string_view(value)) {}
  Value(const Digest& value) : value_(Bytes{value.bytes().data(), Digest::kSize}) {}
  Value(const Id& value) : value_(std::string_view(value.text())) {}
  Value(Time value) : value_(to_milliseconds(value)) {}
  Value(Bytes value) : value_(value) {}
  template <class T>
  Value(const std::optional<T>& value) {
    if (value) *this = Value(*value);
  }

  const auto& get() const { return value_; }

 private:
  std::variant<std::nullptr_t, std::int64_t, double, std::string_view, Bytes> value_ = nullptr;
};

using Values = std::initializer_list<Value>;

// The answer to a query, row by row. Lives at most as long as the snapshot that made it.
class Rows {
 public:
  Rows(Session& session, sqlite3_stmt* statement) : session_(&session), statement_(statement) {}
  ~Rows();
  Rows(Rows&& other) noexcept
      : session_(other.session_), statement_(std::exchange(other.statement_, nullptr)) {}
  Rows& operator=(Rows&&) = delete;

  // Moves to the next row; false after the last.
  bool next();

  // Column `index`, counted from 0, of the current row. T is std::int64_t, double, bool, std::string, Digest,
  // Id, Time or std::optional of these (NULL). Throws corrupt when the stored value is not a T.
  template <class T>
  T get(int index) const {
    if constexpr (is_optional<T>::value) {
      if (null(index)) return std::nullopt;
      return get<typename T::value_type>(index);
    } else {
      return column(index, std::type_identity<T>());
    }
  }
  bool null(int index) const;

 private:
  template <class T>
  struct is_optional : std::false_type {};
  template <class T>
  struct is_optional<std::optional<T>> : std::true_type {};

  std::int64_t column(int index, std::type_identity<std::int64_t>) const;
  double column(int index, std::type_identity<double>) const;
  bool column(int index, std::type_identity<bool>) const;
  std::string column(int index, std::type_identity<std::string>) const;
  Digest column(int index, std::type_identity<Digest>) const;
  Id column(int index, std::type_identity<Id>) const;
  Time column(int index, std::type_identity<Time>) const;

  Session* session_;
  sqlite3_stmt* statement_;
};

// A consistent view of the catalogue: what had been committed when it began.
class Snapshot {
 public:
  explicit Snapshot(Session& session) : session_(session) {}
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  // `sql` is a literal with a `?` for each value; it is prepared once per connection. Text from outside is
  // only bound.
  Rows query(std::string_view sql, Values values = {});
  // The same for a statement composed of literals, whose shapes are too many to be kept prepared.
  Rows query_once(std::string_view sql, std::span<const Value> values);

  // What still reads after so long throws deadline; until the snapshot ends.
  void limit_time(std::chrono::milliseconds time);

 protected:
  Session& session_;
};

// A snapshot that may change things. Sees its own changes; they are lost when the closure throws.
class Transaction : public Snapshot {
 public:
  using Snapshot::Snapshot;

  // Runs a statement that returns no rows; how many rows it changed. A broken CHECK, UNIQUE or foreign key
  // throws already_exists (UNIQUE, PRIMARY KEY) or internal (the rest: callers parse before they write).
  std::int64_t execute(std::string_view sql, Values values = {});
  std::int64_t last_insert_id() const;
};

// Any thread may call. `read` and `write` return what the closure returns and throw what it throws.
class Database {
 public:
  virtual ~Database() = default;

  // Runs `fn(Snapshot&)` on one of a pool of readers, on the calling thread. Throws unavailable when none
  // gets free.
  template <class Fn>
  auto read(Fn&& fn) {
    return returning<Snapshot>([this](const auto& closure) { run_read(closure); }, std::forward<Fn>(fn));
  }

  // Runs `fn(Transaction&)` on the writer's thread, alone, and returns after its changes are durable.
  // Closures that arrive together share one commit; one that throws takes back only its own changes. Inside a
  // closure: no I/O, no waiting, no nested `write`.
  template <class Fn>
  auto write(Fn&& fn) {
    return returning<Transaction>([this](const auto& closure) { run_write(closure); }, std::forward<Fn>(fn));
  }

  // Brings the schema to what this program knows, after a backup copy of the old file beside it. Throws
  // unsupported when the file was written by a newer program. Nothing else may be called before it has
  // returned once.
  virtual void migrate() = 0;

  // How often something was committed since it was opened. What was read while it was as high as it is now is still so.
  virtual std::uint64_t commits() const = 0;

 protected:
  virtual void run_read(const std::function<void(Snapshot&)>& fn) = 0;
  virtual void run_write(const std::function<void(Transaction&)>& fn) = 0;

 private:
  template <class View, class Run, class Fn>
  static auto returning(const Run& run, Fn&& fn) {
    using Result = std::invoke_result_t<Fn&, View&>;
    if constexpr (std::is_void_v<Result>) {
      run(std::function<void(View&)>([&](View& view) { fn(view); }));
    } else {
      std::optional<Result> result;
      run(std::function<void(View&)>([&](View& view) { result.emplace(fn(view)); }));
      return std::move(*result);
    }
  }
};

}  // namespace assay
