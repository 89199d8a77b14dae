// SPDX-License-Identifier: Apache-2.0
// What it costs to call a plugin: in this process, and in a worker for batches of four sizes, beside the same bytes
// through a stream socket (what every RPC does at least) and through a pipe, all in turns within one run. Prints JSON.
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

#include "registry/plugin_host/in_process.h"
#include "registry/plugin_host/in_process_call.h"
#include "registry/plugin_host/shared_table_memory.h"
#include "registry/plugin_host/worker_plugins.h"

namespace assay {
namespace {

using std::chrono::steady_clock;
using nlohmann::json;

constexpr std::size_t kColumns = 8;
constexpr int kTurn = 20;  // calls of one way before the next way's

double microseconds(steady_clock::duration time) {
  return std::chrono::duration<double, std::micro>(time).count();
}

json summary(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  const auto at = [&](double part) { return times[static_cast<std::size_t>(part * double(times.size() - 1))]; };
  return {{"p50_us", at(0.5)}, {"p90_us", at(0.9)}, {"best_us", times.front()}, {"calls", times.size()}};
}

TablePtr make_table(std::size_t bytes, const TableMemory& memory) {
  const auto rows = static_cast<std::int64_t>(bytes / kColumns / sizeof(double));
  std::vector<Column> columns;
  for (std::size_t i = 0; i < kColumns; ++i) {
    Column& column = columns.emplace_back(ColumnSpec{"c" + std::to_string(i), ColumnType::f64}, memory);
    column.reserve(rows);
    for (std::int64_t row = 0; row < rows; ++row) column.append(static_cast<double>(row % 1000) + 0.5);
  }
  return std::make_shared<Table>(std::move(columns));
}

double add_up(const std::byte* bytes, std::size_t size) {
  double sums[4] = {};
  for (std::size_t at = 0; at + 32 <= size; at += 32)
    for (std::size_t i = 0; i < 4; ++i) {
      double value;
      std::memcpy(&value, bytes + at + i * sizeof value, sizeof value);
      sums[i] += value;
    }
  return sums[0] + sums[1] + sums[2] + sums[3];
}

// A child process that reads `size` bytes, adds them up and answers with the sum, again and again: over a stream socket
// or two pipes.
class Peer {
 public:
  Peer(bool socket, std::size_t size) : size_(size) {
    int there[2], back[2];
    if (socket ? ::socketpair(AF_UNIX, SOCK_STREAM, 0, there) : (::pipe(there) | ::pipe(back))) std::abort();
    pid_ = ::fork();
    if (pid_ == 0) {
      const int in = socket ? there[1] : there[0], out = socket ? there[1] : back[1];
      ::close(socket ? there[0] : there[1]);
      std::vector<std::byte> bytes(size);
      for (;;) {
        if (!read_all(in, bytes.data(), size)) ::_exit(0);
        const double sum = add_up(bytes.data(), size);
        if (::write(out, &sum, sizeof sum) != sizeof sum) ::_exit(0);
      }
    }
    out_ = socket ? there[0] : there[1];
    in_ = socket ? there[0] : back[0];
    ::close(socket ? there[1] : there[0]);
    if (!socket) ::close(back[1]);
  }
  ~Peer() {
    ::close(out_);
    ::waitpid(pid_, nullptr, 0);
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  void call(const std::byte* bytes) {
    for (std::size_t sent = 0; sent < size_;) {
      const ssize_t put = ::write(out_, bytes + sent, size_ - sent);
      if (put <= 0) std::abort();
      sent += static_cast<std::size_t>(put);
    }
    double sum = 0;
    if (!read_all(in_, reinterpret_cast<std::byte*>(&sum), sizeof sum)) std::abort();
  }

 private:
  static bool read_all(int from, std::byte* to, std::size_t size) {
    while (size > 0) {
      const ssize_t got = ::read(from, to, size);
      if (got <= 0) return false;
      to += got;
      size -= static_cast<std::size_t>(got);
    }
    return true;
  }
  std::size_t size_;
  pid_t pid_ = -1;
  int in_ = -1, out_ = -1;
};

struct House {
  WorkerPlugins plugins;
  PluginInfo info;
  Config config;

  House(const std::string& worker, const std::string& library, bool trusted)
      : plugins({.worker = worker,
                 .directories = {},
                 .registry = {},
                 .trusted = trusted ? std::set<Digest>{PluginLibrary::open(library, library)->info().digest}
                                    : std::set<Digest>{}}),
        info(plugins.find(library)),
        config(plugins.complete_config(info, "sum", "{}")) {}
};

// The ways in which one batch size is measured, called in turns.
json measure_size(House& here, House& there, std::size_t bytes, int rounds) {
  Progress nobody;
  const CallOptions options;
  const TablePtr heap = make_table(bytes, nullptr);
  const TablePtr shared = make_table(bytes, std::make_shared<SharedTableMemory>(bytes));
  const auto rows_of = [](const TablePtr& table) {
    return RowSet{.table = table, .roles = {}, .digest = std::nullopt, .batch_rows = std::max<std::int64_t>(1, table->rows())};
  };
  const RowSet heap_rows = rows_of(heap), shared_rows = rows_of(shared);
  const auto fold_here = here.plugins.fold(here.info, "sum", kEvaluator, here.config);
  const auto fold_there = there.plugins.fold(there.info, "sum", kEvaluator, there.config);
  const auto state_here = fold_here->begin(heap->schema(), {}, nullptr, options, nobody);
  const auto state_there = fold_there->begin(heap->schema(), {}, nullptr, options, nobody);
  const auto scorer = there.plugins.scorer(there.info, "sum", there.config);
  scorer->load(std::make_shared<MemoryBundle>(), options, nobody);
  scorer->bind(heap->schema(), options, nobody);
  std::vector<std::byte> flat(bytes);
  std::memset(flat.data(), 0x3f, flat.size());
  Peer socket(true, bytes), pipe(false, bytes);

  const std::vector<std::pair<std::string, std::function<void()>>> ways = {
      {"in-process, table on the heap", [&] { state_here->update(heap_rows, options, nobody); }},
      {"in-process, table in shared memory", [&] { state_here->update(shared_rows, options, nobody); }},
      {"worker, table in shared memory", [&] { state_there->update(shared_rows, options, nobody); }},
      {"worker, one copy", [&] { state_there->update(heap_rows, options, nobody); }},
      {"worker, one copy, scores back", [&] { scorer->score(heap, options, nobody); }},
      {"stream socket", [&] { socket.call(flat.data()); }},
      {"pipe", [&] { pipe.call(flat.data()); }}};
  std::vector<std::vector<double>> times(ways.size());
  // Batch after batch, as a data set is read; the first of each turn wakes everybody up.
  const int turn = std::min(rounds, kTurn);
  for (int round = -1; round * turn < rounds; ++round)
    for (std::size_t i = 0; i < ways.size(); ++i)
      for (int call = -1; call < turn; ++call) {
        const auto start = steady_clock::now();
        ways[i].second();
        const double took = microseconds(steady_clock::now() - start);
        if (round >= 0 && call >= 0) times[i].push_back(took);
      }
  json out = {{"bytes", bytes}};
  for (std::size_t i = 0; i < ways.size(); ++i) out["ways"][ways[i].first] = summary(times[i]);
  return out;
}

void release_nothing(ArrowArray*) {}

// The boundary alone: the call context, the function behind the table, its status; against the same function called
// directly. One row of one column, so that there is next to nothing to add up.
json measure_boundary(const std::string& library) {
  const TrustedLibrary loaded(PluginLibrary::open(library, library));
  Progress nobody;
  const CallOptions options;
  const InProcessCall setup(options, nobody);
  assay_plugin plugin{};
  plugin.struct_size = sizeof plugin;
  setup.must(loaded.open()(nullptr, setup.get(), &plugin), "open");
  const worker::LentConfig config("{}");
  assay_component component{};
  component.struct_size = sizeof component;
  setup.must(plugin.create(plugin.self, setup.get(), worker::str("sum"), config.get(), &component), "create");
  const auto& fold =
      *static_cast<const assay_fold_v1*>(component.get_capability(component.self, ASSAY_CAP_EVALUATOR_V1));
  void* state = nullptr;
  setup.must(fold.begin(component.self, setup.get(), nullptr, nullptr, nullptr, &state), "begin");
  const double value = 1;
  const void* buffers[] = {nullptr, &value};
  ArrowArray column{};
  column.length = 1;
  column.n_buffers = 2;
  column.buffers = buffers;
  ArrowArray* children[] = {&column};
  const void* none[] = {nullptr};
  const auto batch = [&] {
    ArrowArray made{};
    made.length = made.n_buffers = made.n_children = 1;
    made.buffers = none;
    made.children = children;
    made.release = release_nothing;
    return made;
  };
  constexpr int kCalls = 200'000;
  const auto once = [&](auto call) {
    const auto start = steady_clock::now();
    for (int i = 0; i < kCalls; ++i) call();
    return microseconds(steady_clock::now() - start) * 1000 / kCalls;
  };
  double best_crossing = 1e9, best_function = 1e9;
  std::vector<double> differences;
  for (int round = 0; round < 31; ++round) {
    const double crossing = once([&] {
      const InProcessCall call(options, nobody);
      ArrowArray input = batch();
      call.must(fold.update(component.self, call.get(), state, &input), "update");
    });
    const double function = once([&] {
      ArrowArray input = batch();
      fold.update(component.self, setup.get(), state, &input);
    });
    best_crossing = std::min(best_crossing, crossing);
    best_function = std::min(best_function, function);
    differences.push_back(crossing - function);
  }
  std::sort(differences.begin(), differences.end());
  fold.end(component.self, state);
  return {{"whole_call_ns", best_crossing},
          {"function_alone_ns", best_function},
          {"overhead_p50_ns", differences[differences.size() / 2]}};
}

json measure_opening(House& house, const std::string& worker, const std::string& library, int rounds) {
  WorkerPlugins warm({.worker = worker, .directories = {}, .registry = {}, .idle_workers = 2});
  const PluginInfo info = warm.find(library);
  std::vector<double> cold_times, warm_times;
  for (int i = 0; i < rounds; ++i) {
    auto start = steady_clock::now();
    house.plugins.scorer(house.info, "sum", house.config).reset();
    cold_times.push_back(microseconds(steady_clock::now() - start));
    // Time enough for the next to stand ready, as it has between two requests to different models.
    ::usleep(30'000);
    start = steady_clock::now();
    warm.scorer(info, "sum", house.config).reset();
    warm_times.push_back(microseconds(steady_clock::now() - start));
  }
  return {{"a worker started for it", summary(cold_times)}, {"a ready worker", summary(warm_times)}};
}

int run(const std::string& worker, const std::string& library, int rounds) {
  House here(worker, library, true), there(worker, library, false);
  json out = {{"boundary", measure_boundary(library)},
              {"opening", measure_opening(there, worker, library, std::max(5, rounds / 100))},
              {"sizes", json::array()}};
  for (const std::size_t bytes : {std::size_t{4} << 10, std::size_t{64} << 10, std::size_t{1} << 20, std::size_t{64} << 20})
    out["sizes"].push_back(measure_size(here, there, bytes, bytes > (1 << 20) ? std::max(5, rounds / 50) : rounds));
  std::puts(out.dump(1).c_str());
  return 0;
}

}  // namespace
}  // namespace assay

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: plugin_bench ASSAY-WORKER PLUGIN.so [ROUNDS]\n", stderr);
    return 60;
  }
  return assay::run(argv[1], argv[2], argc > 3 ? std::atoi(argv[3]) : 2000);
}
