// SPDX-License-Identifier: Apache-2.0
// What the host lends to an operation, as C++: the call, settings, roles, datasets and bundles. All of these
// are thin handles that are cheap to copy and valid until the function that received them returns.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "assay/batch.hpp"
#include "assay/bytes.hpp"

namespace assay::sdk {

enum class Log : std::int32_t {
  debug = ASSAY_LOG_DEBUG,
  info = ASSAY_LOG_INFO,
  warning = ASSAY_LOG_WARNING,
  error = ASSAY_LOG_ERROR
};

class Call {
 public:
  explicit Call(const assay_call* call) : call_(call) {}

  std::uint64_t seed() const { return call_->seed; }
  // How many threads may be busy, the calling one included; at least 1.
  int max_threads() const { return call_->max_threads == 0 ? 1 : static_cast<int>(call_->max_threads); }

  // Throws CANCELLED or DEADLINE once the host wants to stop. Call it at least every 250 ms of work; scans
  // do.
  void check() const {
    if (const assay_status stop = call_->should_stop == nullptr ? ASSAY_OK : call_->should_stop(call_))
      throw Error(stop, stop == ASSAY_E_DEADLINE ? "the operation ran past its deadline"
                                                 : "the operation was cancelled");
  }
  void progress(double fraction_done, std::string_view what = {}) const {
    if (call_->progress != nullptr) call_->progress(call_, fraction_done, detail::str(what));
  }
  void log(Log level, std::string_view message) const {
    if (call_->log != nullptr) call_->log(call_, static_cast<std::int32_t>(level), detail::str(message));
  }
  // A value over time, such as a training loss per round.
  void metric(std::string_view name, std::int64_t step, double value) const {
    if (call_->metric != nullptr) call_->metric(call_, detail::str(name), step, value);
  }
  const assay_call* raw() const { return call_; }

 private:
  const assay_call* call_;
};

// The host itself, from a component's creation to its end: a component that wants a service keeps config.host().
class Host {
 public:
  explicit Host(const assay_host* host) : host_(host) {}

  std::string_view name() const { return host_ == nullptr ? std::string_view() : detail::view(host_->name); }
  std::string_view version() const { return host_ == nullptr ? std::string_view() : detail::view(host_->version); }
  // The service behind that id, such as "assay.host.rng/1"; null where the host has none. services.hpp knows some.
  template <class Vtable>
  const Vtable* service(const char* id) const {
    if (host_ == nullptr || host_->get_service == nullptr) return nullptr;
    const auto* found = static_cast<const Vtable*>(host_->get_service(host_, id));
    return found == nullptr || found->struct_size < sizeof(Vtable) ? nullptr : found;
  }

 private:
  const assay_host* host_;
};

// Settings by JSON pointer ("/max_depth"). A missing one, one of another type and one out of range is
// INVALID_CONFIG that carries the pointer. Given to a component's constructor; not valid afterwards.
class Config {
 public:
  explicit Config(const assay_config* config, const assay_host* host = nullptr) : config_(config), host_(host) {}

  double f64(std::string_view pointer) const { return get<double>(pointer, config_->get_f64, "a number"); }
  std::int64_t i64(std::string_view pointer) const {
    return get<std::int64_t>(pointer, config_->get_i64, "an integer");
  }
  bool boolean(std::string_view pointer) const {
    return get<std::int32_t>(pointer, config_->get_bool, "true or false") != 0;
  }
  std::string text(std::string_view pointer) const {
    return std::string(detail::view(get<assay_str>(pointer, config_->get_str, "a string")));
  }

  // A list of strings; a missing one is empty.
  std::vector<std::string> texts(std::string_view pointer) const {
    std::vector<std::string> out;
    assay_str text{};
    for (;; out.emplace_back(detail::view(text))) {
      const std::string at = std::string(pointer) + "/" + std::to_string(out.size());
      const assay_status status = config_->get_str(config_, detail::str(at), &text);
      if (status == ASSAY_E_NOT_FOUND) return out;
      if (status != ASSAY_OK)
        throw Error(ASSAY_E_INVALID_CONFIG, "setting " + at + " is of another type; it must be a string")
            .pointer(at);
    }
  }

  // The same with a range, both ends included: hosts check settings against the schema, but a plugin need not
  // trust them.
  double f64(std::string_view pointer, double low, double high) const {
    const double value = f64(pointer);
    if (!(value >= low && value <= high))
      throw out_of_range(pointer, number(value), number(low), number(high));
    return value;
  }
  std::int64_t i64(std::string_view pointer, std::int64_t low, std::int64_t high) const {
    const std::int64_t value = i64(pointer);
    if (value < low || value > high)
      throw out_of_range(pointer, std::to_string(value), std::to_string(low), std::to_string(high));
    return value;
  }
  // The index of the value among `choices`.
  std::size_t choice(std::string_view pointer, std::initializer_list<std::string_view> choices) const {
    const std::string value = text(pointer);
    std::string list;
    std::size_t index = 0;
    for (const std::string_view choice : choices) {
      if (choice == value) return index;
      list += (index++ == 0 ? "" : ", ") + std::string(choice);
    }
    throw Error(ASSAY_E_INVALID_CONFIG,
                "setting " + std::string(pointer) + " is '" + value + "'; it must be one of " + list)
        .pointer(pointer);
  }
  bool has(std::string_view pointer) const {
    double number = 0;
    assay_str text{};
    std::int32_t flag = 0;
    const assay_str at = detail::str(pointer);
    return config_->get_f64(config_, at, &number) == ASSAY_OK ||
           config_->get_str(config_, at, &text) == ASSAY_OK ||
           config_->get_bool(config_, at, &flag) == ASSAY_OK;
  }
  // The whole document, canonical JSON.
  std::string_view json() const { return detail::view(config_->json); }
  // Whoever gives the settings; valid as long as the component.
  Host host() const { return Host(host_); }

 private:
  static std::string number(double value) {
    std::string text = std::to_string(value);
    while (text.find('.') != std::string::npos && (text.back() == '0' || text.back() == '.')) {
      const bool dot = text.back() == '.';
      text.pop_back();
      if (dot) break;
    }
    return text;
  }
  static Error out_of_range(std::string_view pointer, const std::string& value, const std::string& low,
                            const std::string& high) {
    return Error(ASSAY_E_INVALID_CONFIG, "setting " + std::string(pointer) + " is " + value +
                                             "; it must be from " + low + " to " + high)
        .pointer(pointer);
  }
  template <class T, class Getter>
  T get(std::string_view pointer, Getter getter, std::string_view wanted) const {
    T value{};
    const assay_status status = getter(config_, detail::str(pointer), &value);
    if (status == ASSAY_OK) return value;
    throw Error(ASSAY_E_INVALID_CONFIG,
                "setting " + std::string(pointer) +
                    (status == ASSAY_E_NOT_FOUND ? " is missing" : " is of another type") + "; it must be " +
                    std::string(wanted))
        .pointer(pointer);
  }

  const assay_config* config_;
  const assay_host* host_;
};

// Which columns play which part: "label", "weight", "group", "timestamp", "score", "reference_score".
class Roles {
 public:
  explicit Roles(const assay_roles* roles) : roles_(roles) {}

  std::optional<std::string> get(std::string_view role, std::uint32_t index = 0) const {
    assay_str column{};
    if (roles_ == nullptr || roles_->get(roles_, detail::str(role), index, &column) != ASSAY_OK)
      return std::nullopt;
    return std::string(detail::view(column));
  }
  std::vector<std::string> all(std::string_view role) const {
    std::vector<std::string> columns;
    while (auto column = get(role, static_cast<std::uint32_t>(columns.size())))
      columns.push_back(std::move(*column));
    return columns;
  }
  // INVALID_DATA that names the role when no column plays it.
  std::string require(std::string_view role) const {
    if (auto column = get(role)) return *column;
    throw Error(ASSAY_E_INVALID_DATA, "no column plays the role '" + std::string(role) + "'")
        .hint("say which column is the " + std::string(role));
  }
  std::string label() const { return require("label"); }

 private:
  const assay_roles* roles_;
};

struct Scan {
  std::vector<std::string> columns;  // in the order wanted; empty is all
  std::int64_t batch_rows = 0;       // at most; 0 leaves it to the host
};

// Rows that can be read more than once.
class Dataset {
 public:
  Dataset(Call call, const assay_dataset* dataset) : call_(call), dataset_(dataset) {}

  std::optional<std::int64_t> row_count() const {
    return dataset_->row_count < 0 ? std::nullopt : std::optional(dataset_->row_count);
  }
  std::string_view digest() const { return detail::view(dataset_->digest); }
  Roles roles() const { return Roles(dataset_->roles); }
  std::string label() const { return roles().label(); }

  Schema schema() const {
    detail::Owned<ArrowSchema> out;
    if (const assay_status status = dataset_->schema(dataset_, call_.raw(), &out.it))
      throw Error(status, "reading the schema of the dataset failed");
    return Schema::copy(out.it);
  }

  // Calls `each(const Batch&)` for the batches in order; polls for cancellation before each. `each` may stop
  // by throwing. INVALID_DATA names a wanted column that is missing.
  template <class Each>
  void scan(Each&& each) const {
    scan(Scan{}, std::forward<Each>(each));
  }
  template <class Each>
  void scan(const Scan& options, Each&& each) const {
    detail::Owned<ArrowArrayStream> stream;
    open(options, &stream.it);
    detail::Owned<ArrowSchema> raw;
    if (const int error = stream.it.get_schema(&stream.it, &raw.it)) throw broken(stream.it, error);
    const Schema schema = Schema::copy(raw.it);
    for (;;) {
      call_.check();
      detail::Owned<ArrowArray> array;
      if (const int error = stream.it.get_next(&stream.it, &array.it)) throw broken(stream.it, error);
      if (array.it.release == nullptr) return;
      each(Batch(schema, array.it));
    }
  }

  const assay_dataset* raw() const { return dataset_; }

 private:
  void open(const Scan& options, ArrowArrayStream* out) const {
    std::vector<assay_str> columns;
    for (const std::string& column : options.columns) columns.push_back(detail::str(column));
    assay_scan_options raw{};
    raw.struct_size = sizeof raw;
    raw.batch_rows = options.batch_rows;
    raw.columns = columns.empty() ? nullptr : columns.data();
    raw.column_count = columns.size();
    const assay_status status = dataset_->scan(dataset_, call_.raw(), &raw, out);
    if (status == ASSAY_E_NOT_FOUND ||
        status == ASSAY_E_INVALID_ARGUMENT) {  // a column that is not there, by name
      const Schema there = schema();
      for (const std::string& column : options.columns) there.require(column);
    }
    if (status != ASSAY_OK) throw Error(status, "reading the rows of the dataset failed");
  }
  Error broken(ArrowArrayStream& stream, int error) const {
    call_.check();  // a stream that ends because of a stop is a stop
    const char* why = stream.get_last_error == nullptr ? nullptr : stream.get_last_error(&stream);
    return {ASSAY_E_IO, std::string("reading the rows of the dataset failed: ") +
                            (why != nullptr ? why : std::strerror(error))};
  }

  Call call_;
  const assay_dataset* dataset_;
};

// A stored bundle, such as a model or the state of a fold: named entries.
class Source {
 public:
  // The largest entry that `bytes` reads unless told otherwise: a stored model is no reason to run out of
  // memory.
  static constexpr std::uint64_t default_limit_bytes = std::uint64_t{4} << 30;

  Source(Call call, const assay_source* source) : call_(call), source_(source) {}

  std::vector<std::string> names() const {
    std::vector<std::string> names;
    assay_str name{};
    while (source_->entry(source_, static_cast<std::uint32_t>(names.size()), &name) == ASSAY_OK)
      names.emplace_back(detail::view(name));
    return names;
  }
  bool has(std::string_view name) const {
    for (const std::string& each : names())
      if (each == name) return true;
    return false;
  }
  // A whole entry. CORRUPT_ARTIFACT when it is missing, larger than the limit or shorter than it says.
  std::string bytes(std::string_view name, std::uint64_t limit_bytes = default_limit_bytes) const {
    Reader reader(call_, source_, name);
    if (reader.it.size > limit_bytes)
      throw Error(ASSAY_E_CORRUPT_ARTIFACT,
                  "entry '" + std::string(name) + "' has " + std::to_string(reader.it.size) +
                      " bytes, more than the limit of " + std::to_string(limit_bytes));
    std::string out;
    while (out.size() < reader.it.size) {
      // Grows as bytes arrive: the size is only a claim.
      const std::size_t had = out.size();
      out.resize(had + static_cast<std::size_t>(
                           std::min<std::uint64_t>(reader.it.size - had, std::uint64_t{1} << 20)));
      std::uint64_t got = 0;
      if (const assay_status status =
              reader.it.read(&reader.it, call_.raw(), out.data() + had, out.size() - had, &got))
        throw Error(status, "reading entry '" + std::string(name) + "' failed");
      out.resize(had + static_cast<std::size_t>(std::min<std::uint64_t>(got, out.size() - had)));
      if (got == 0) throw Error(ASSAY_E_CORRUPT_ARTIFACT, "entry '" + std::string(name) + "' ends early");
    }
    return out;
  }
  // An entry that is an array of T in the machine's own layout; CORRUPT_ARTIFACT when its size is not a
  // multiple.
  template <class T>
  std::vector<T> get(std::string_view name) const {
    static_assert(std::is_trivially_copyable_v<T>);
    const std::string raw = bytes(name);
    if (raw.size() % sizeof(T) != 0)
      throw Error(ASSAY_E_CORRUPT_ARTIFACT, "entry '" + std::string(name) + "' is cut short");
    std::vector<T> out(raw.size() / sizeof(T));
    if (!raw.empty()) std::memcpy(out.data(), raw.data(), raw.size());
    return out;
  }

 private:
  struct Reader {
    assay_reader it{};
    Reader(Call call, const assay_source* source, std::string_view name) {
      it.struct_size = sizeof it;
      const assay_status status = source->open(source, call.raw(), detail::str(name), &it);
      if (status == ASSAY_E_NOT_FOUND)
        throw Error(ASSAY_E_CORRUPT_ARTIFACT, "entry '" + std::string(name) + "' is missing");
      if (status != ASSAY_OK) throw Error(status, "opening entry '" + std::string(name) + "' failed");
    }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    ~Reader() { it.close(&it); }
  };

  Call call_;
  const assay_source* source_;
};

// Where a bundle goes. The host keeps nothing of it unless the operation succeeds.
class Sink {
 public:
  Sink(Call call, const assay_sink* sink) : call_(call), sink_(sink) {}

  // Writes one entry. `name`: parts of [A-Za-z0-9._-] joined by '/'. Throws what the host answers.
  void put(std::string_view name, std::string_view media_type, std::string_view bytes) const {
    assay_writer writer{};
    writer.struct_size = sizeof writer;
    if (const assay_status status =
            sink_->open(sink_, call_.raw(), detail::str(name), detail::str(media_type), &writer))
      throw Error(status, "opening entry '" + std::string(name) + "' for writing failed");
    while (!bytes.empty()) {
      std::uint64_t taken = 0;
      assay_status status = writer.write(&writer, call_.raw(), bytes.data(), bytes.size(), &taken);
      if (status == ASSAY_OK && (taken == 0 || taken > bytes.size())) status = ASSAY_E_IO;
      if (status != ASSAY_OK) {
        writer.abort(&writer);
        throw Error(status, "writing entry '" + std::string(name) + "' failed");
      }
      bytes.remove_prefix(static_cast<std::size_t>(taken));
    }
    if (const assay_status status = writer.finish(&writer, call_.raw()))
      throw Error(status, "writing entry '" + std::string(name) + "' failed");
  }
  // An array in the machine's own layout, as Source::get reads it.
  template <class T>
  requires std::is_trivially_copyable_v<T>
  void put(std::string_view name, std::string_view media_type, const std::vector<T>& values) const {
    put(name, media_type, {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)});
  }

 private:
  Call call_;
  const assay_sink* sink_;
};

}  // namespace assay::sdk
