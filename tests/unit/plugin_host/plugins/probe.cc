// SPDX-License-Identifier: Apache-2.0
// A well-built plugin that misbehaves on request: the setting "mode" chooses how, "at" in which operation.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "assay/plugin.hpp"

namespace {

using namespace assay::sdk;

struct Manners {
  std::string mode, at;

  explicit Manners(const Config& config) : mode(config.text("/mode")), at(config.text("/at")) {}

  void behave(Call call, std::string_view operation) const {
    if (operation != at) return;
    if (mode == "segv") {
      std::puts("about to touch what is not there");
      std::fflush(stdout);
      std::raise(SIGSEGV);
    }
    if (mode == "abort") std::abort();
    if (mode == "exit") std::_Exit(0);
    if (mode == "spin")
      for (volatile bool forever = true; forever;) {
      }
    if (mode == "wait")
      for (;;) call.check();
    if (mode == "throw") throw std::runtime_error("thrown on request");
    if (mode == "refuse") throw Error(ASSAY_E_INVALID_DATA, "no good").column("age").hint("try another");
    if (mode == "flood") {
      const std::string line(1 << 20, 'x');
      for (int i = 0; i < 100; ++i) std::puts(line.c_str());
      std::fflush(stdout);
    }
    if (mode == "chatter") {
      std::puts("a line on stdout");
      std::fflush(stdout);
      std::fputs("a line on stderr\n", stderr);
    }
    if (mode == "close") ::close(3);
    if (mode == "close_all")
      for (int fd = 0; fd < 64; ++fd) ::close(fd);
    if (mode == "print_forever")
      for (const std::string line(1 << 20, 'x');;) std::puts(line.c_str());
    if (mode == "hoard")
      for (std::vector<std::vector<char>> kept; kept.size() < 160;) kept.emplace_back(64 << 20, 'x');
    if (mode == "fork")
      for (;;) ::fork();
    if (mode == "run") ::execl("/bin/sh", "sh", "-c", "true", nullptr);
    if (mode == "threads")
      for (;;) std::thread([] { ::pause(); }).detach();
    if (mode == "kill_host") got("a signal to its host", ::kill(::getppid(), SIGTERM));
    if (mode == "connect") got("a socket", ::socket(AF_INET, SOCK_STREAM, 0));
    if (mode == "connect_local") got("a socket", ::socket(AF_UNIX, SOCK_STREAM, 0));
    if (mode == "read_file") got("/etc/passwd", ::open("/etc/passwd", O_RDONLY));
    if (mode == "list_files") got("the root folder", ::open("/", O_RDONLY | O_DIRECTORY));
    if (mode == "write_file") got("a file to write", ::open("/tmp/stray", O_WRONLY | O_CREAT, 0600));
    if (mode == "make_code") {
      void* memory = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      got("memory to run", ::mprotect(memory, 4096, PROT_READ | PROT_EXEC));
    }
    if (mode == "share_memory") {
      void* memory = ::mmap(nullptr, 10ull << 30, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
      got("shared memory", memory == MAP_FAILED ? -1 : 0);
    }
    if (mode == "raise_limit") {
      const rlimit more{RLIM_INFINITY, RLIM_INFINITY};
      got("more memory", ::setrlimit(RLIMIT_DATA, &more));
    }
  }

  // Fails the call either way: with the system's reason when it was refused.
  [[noreturn]] static void got(const std::string& what, int result) {
    if (result >= 0) throw Error(ASSAY_E_INTERNAL, "it got " + what);
    throw Error(ASSAY_E_DENIED, "it did not get " + what + ": " + std::strerror(errno));
  }
};

double sum_of_numbers(const Batch& batch, std::int64_t row) {
  double sum = 0;
  for (std::size_t i = 0; i < batch.columns(); ++i)
    if (batch.column(i).is_numeric()) sum += batch.column(i).maybe_number(row).value_or(0);
  return sum;
}

// Learns the mean of all numbers that are not the label, and scores a row with its sum plus that mean.
struct Learner : Manners {
  static constexpr std::string_view id = "learner";
  explicit Learner(const Config& config) : Manners(config) {}

  void fit(Call call, const Training& training, Sink model) {
    const Dataset& data = training.train;
    behave(call, "fit");
    if (mode == "half" && at == "fit") {
      model.put("weights", "application/x-f64", std::vector<double>{1});
      throw Error(ASSAY_E_INTERNAL, "changed its mind");
    }
    if (mode == "die_half" && at == "fit") {
      model.put("weights", "application/x-f64", std::vector<double>{1});
      std::raise(SIGKILL);
    }
    double sum = 0;
    std::int64_t rows = 0;
    const std::string label = data.label();
    data.scan([&](const Batch& batch) {
      for (std::int64_t row = 0; row < batch.rows(); ++row)
        sum += sum_of_numbers(batch, row) - batch.column(label).maybe_number(row).value_or(0);
      rows += batch.rows();
      call.progress(0.5, "reading");
    });
    call.metric("sum", 0, sum);
    call.metric("seed", 1, static_cast<double>(call.seed()));
    call.metric("not_a_number", 2, std::nan(""));
    call.log(Log::warning, "learned from " + std::to_string(rows) + " rows of " + std::string(data.digest()));
    double start = 0;
    if (training.warm_start) start = training.warm_start->get<double>("weights").at(0);
    model.put("weights", "application/x-f64",
              std::vector<double>{start + (rows == 0 ? 0 : sum / static_cast<double>(rows))});
    model.put("notes/readme.txt", "text/plain",
              "seed " + std::to_string(call.seed()) + ", validation rows " +
                  std::to_string(training.valid ? training.valid->row_count().value_or(-1) : 0));
    model.put("empty", "application/octet-stream", "");
  }

  struct Model {
    double mean;
    explicit Model(Source source) : mean(source.get<double>("weights").at(0)) {}
    Schema bind(const Schema&) {
      return {{"prediction", Type::f64}, {"kind", Type::utf8}, {"sure", Type::boolean}, {"rank", Type::i64}};
    }
    int scored = 0;
    void score(Call, const Batch& batch, Table& out) {
      // The first worker of a session gets no further than one batch; -3 gets nowhere.
      if (mean == -3 || (mean == -2 && ++scored == 2)) std::raise(SIGSEGV);
      for (std::int64_t row = 0; row < batch.rows(); ++row) {
        const double sum = sum_of_numbers(batch, row);
        out.column(0).f64(mean == -1 ? std::nan("") : sum + mean);
        out.column(1).utf8(sum > 0 ? "söme" : "");
        out.column(2).boolean(sum > 1);
        out.column(3).i64(static_cast<std::int64_t>(sum));
      }
    }
  };
};

// Counts rows and sums numbers; against a reference it answers the difference.
struct Counter : Manners {
  static constexpr std::string_view id = "counter";
  static constexpr std::string_view capability = ASSAY_CAP_EVALUATOR_V1;
  explicit Counter(const Config& config) : Manners(config) {}

  struct State {
    std::vector<double> counted{0, 0, 0, 0};  // rows, sum, rows and sum of the reference
    std::string score_column;
  };
  State begin(Call call, const Schema&, Roles roles, std::optional<Source> reference) {
    behave(call, "begin");
    State state;
    state.score_column = roles.get("score").value_or("none");
    if (reference) {
      const auto saved = reference->get<double>("counted");
      state.counted[2] = saved.at(0);
      state.counted[3] = saved.at(1);
    }
    return state;
  }
  void update(Call call, State& state, const Batch& batch) {
    behave(call, "update");
    if (mode == "scribble") *const_cast<double*>(batch.column(0).f64().data()) = 9;
    if (mode == "unprotect") {
      const auto page = reinterpret_cast<std::uintptr_t>(batch.column(0).f64().data()) / 4096 * 4096;
      got("its rows to write", ::mprotect(reinterpret_cast<void*>(page), 4096, PROT_READ | PROT_WRITE));
    }
    for (std::int64_t row = 0; row < batch.rows(); ++row) state.counted[1] += sum_of_numbers(batch, row);
    state.counted[0] += static_cast<double>(batch.rows());
  }
  void merge(Call, State& into, const State& from) {
    into.counted[0] += from.counted[0];
    into.counted[1] += from.counted[1];
  }
  void save(Call, const State& state, Sink sink) { sink.put("counted", "application/x-f64", state.counted); }
  State restore(Call, const Schema&, Roles, Source saved) {
    return {saved.get<double>("counted"), "restored"};
  }
  std::vector<Metric> finish(Call call, const State& state, std::optional<Sink> extras) {
    behave(call, "finish");
    if (extras) extras->put("curve.csv", "text/csv", "x,y\n");
    const auto rows = static_cast<std::int64_t>(state.counted[0]);
    return {{"rows", state.counted[0], {}, {}, "", rows, true},
            {"sum", state.counted[1], 0.0, std::nan(""), state.score_column, rows, false},
            {"reference_rows", state.counted[2], {}, {}, "", rows, true}};
  }
};

struct Judge {
  static constexpr std::string_view id = "judge";
  static constexpr std::string_view capability = ASSAY_CAP_VALIDATOR_V1;
  struct State {};
  State begin(Call, const Schema&, Roles, std::optional<Source>) { return {}; }
  void update(Call, State&, const Batch&) {}
  void merge(Call, State&, const State&) {}
  void save(Call, const State&, Sink) {}
  State restore(Call, const Schema&, Roles, Source) { return {}; }
  std::vector<Finding> finish(Call, const State&, std::optional<Sink>) {
    return {{.severity = Severity::error,
             .rule = "range",
             .column = "age",
             .row_count = 2,
             .sample_rows = {3, 5},
             .message = "too old"},
            {.severity = Severity::info,
             .rule = "seen",
             .column = "",
             .row_count = 0,
             .sample_rows = {},
             .message = ""}};
  }
};

struct Watcher {
  static constexpr std::string_view id = "watcher";
  static constexpr std::string_view capability = ASSAY_CAP_DRIFT_V1;
  struct State {};
  State begin(Call, const Schema&, Roles, std::optional<Source>) { return {}; }
  void update(Call, State&, const Batch&) {}
  void merge(Call, State&, const State&) {}
  void save(Call, const State&, Sink) {}
  State restore(Call, const Schema&, Roles, Source) { return {}; }
  std::vector<assay::sdk::Drift> finish(Call, const State&, std::optional<Sink>) {
    return {{.column = "age",
             .statistic = "psi",
             .value = 0.3,
             .p_value = std::nullopt,
             .threshold = 0.2,
             .drifted = true,
             .n_ref = 10,
             .n_cur = 5}};
  }
};

}  // namespace

#define SETTINGS \
  R"("config_schema":{"type":"object","properties":{"mode":{"type":"string","default":"good"},"at":{"type":"string","default":"fit"},"depth":{"type":"integer","minimum":1,"maximum":12,"default":6},"inner":{"type":"object","properties":{"rate":{"type":"number","exclusiveMinimum":0,"default":0.5}},"default":{}}}})"
#ifndef PROBE_ABI
#define PROBE_ABI R"({"major":1,"min_minor":0})"
#endif

ASSAY_PLUGIN(R"({"manifest_version":1,"id":"probe","version":"1.2.3","license":"Apache-2.0","abi":)" PROBE_ABI
             R"(,"components":[{"id":"learner","capabilities":["assay.trainer/1","assay.scorer/1"],)" SETTINGS
             R"(},{"id":"counter","capabilities":["assay.evaluator/1"],)" SETTINGS
             R"(},{"id":"judge","capabilities":["assay.validator/1"],"config_schema":{"type":"object"}},)"
             R"({"id":"watcher","capabilities":["assay.drift/1"],"config_schema":{"type":"object"}}]})",
             Learner, Counter, Judge, Watcher)
