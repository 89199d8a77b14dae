// SPDX-License-Identifier: Apache-2.0
// Memory that host and worker share: who may write and resize it, and that rows are the same bits however they reach a
// plugin.
#include "registry/plugin_host/arena.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "registry/compute/cast.h"
#include "registry/plugin_host/shared_table_memory.h"
#include "tests/support/catch.h"
#include "tests/unit/plugin_host/support.h"

namespace assay::test {
namespace {

// What a second mapping of the same file, as a worker makes it, may do.
int write_refused(int fd) {
  void* mapped = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  return mapped == MAP_FAILED ? errno : (::munmap(mapped, 4096), 0);
}

TEST_CASE("Arena: what the host writes is read elsewhere, and nobody else can write or resize it") {
  const Arena arena(1 << 20, ArenaWriter::host);
  void* mapped = ::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, arena.fd(), 0);
  REQUIRE(mapped != MAP_FAILED);
  std::memcpy(arena.bytes().data(), "rows", 4);
  CHECK(std::memcmp(mapped, "rows", 4) == 0);
  CHECK(write_refused(arena.fd()) == EPERM);
  CHECK((::mprotect(mapped, 4096, PROT_READ | PROT_WRITE) != 0 && errno == EACCES));
  CHECK((::ftruncate(arena.fd(), 0) != 0 && errno == EPERM));
  CHECK((::ftruncate(arena.fd(), 2 << 20) != 0 && errno == EPERM));
  CHECK((::write(arena.fd(), "x", 1) < 0 && errno == EPERM));
  CHECK((::fcntl(arena.fd(), F_ADD_SEALS, F_SEAL_WRITE) != 0 && errno == EPERM));
  ::munmap(mapped, 4096);
}

TEST_CASE("Arena: a worker's can be written by it, and not be cut short under the host") {
  const Arena arena(1 << 20, ArenaWriter::worker);
  CHECK(write_refused(arena.fd()) == 0);
  CHECK((::ftruncate(arena.fd(), 0) != 0 && errno == EPERM));
}

TEST_CASE("Arena: writing to the rows that it was given ends the plugin") {
  for (const char* mode : {"scribble", "unprotect"}) {
    WorkerPlugins host = plugins();
    const Opened probe = choose(host, "probe", "counter", std::string(R"({"at":"update","mode":")") + mode + "\"}");
    const RowSet data = rows("a\n1.5\n2.5\n");
    Listener nobody;
    const auto fold = host.fold(probe.info, "counter", kEvaluator, probe.config);
    const auto state = fold->begin(data.table->schema(), {}, nullptr, {}, nobody);
    const Error error = error_of([&] { state->update(data, {}, nobody); });
    INFO(error.message());
    if (std::string(mode) == "scribble")
      CHECK(contains(error.message(), "crashed with SIGSEGV"));
    else
      CHECK(contains(error.message(), "it did not get its rows to write: Permission denied"));
    CHECK(data.table->columns()[0].f64(0) == 1.5);
  }
}

TEST_CASE("Arena: rows that a plugin keeps stay as they were, whatever comes after") {
  WorkerPlugins host = plugins();
  const Opened opened = choose(host, "rogue_keeps_input", "rogue", "{}");
  Listener nobody;
  const auto scorer = host.scorer(opened.info, "rogue", opened.config);
  scorer->load(std::make_shared<MemoryBundle>(), {}, nobody);
  scorer->bind({{"a", ColumnType::i64}}, {}, nobody);
  // It answers the first cell of the first batch that it was given, which it has kept.
  for (int call = 0; call < 20; ++call) {
    const std::string first = std::to_string(call + 7);
    const TablePtr scored = scorer->score(read_csv("a\n" + first + "\n2\n3\n4\n"), {}, nobody);
    CHECK(scored->columns()[0].f64(0) == 7);
  }
}

// Numbers with nulls, texts and bits in more rows than one batch has.
std::string many_rows() {
  std::string csv = "a,b,c,d,y\n";
  unsigned state = 1;
  for (int i = 0; i < 150'000; ++i) {
    state = state * 1664525u + 1013904223u;
    csv += (i % 11 == 0 ? std::string() : format_f64(state / 7.0)) + ',' + std::to_string(state % 1000) + ",t" +
           std::to_string(state % 97) + ',' + (state % 2 == 0 ? "true" : "false") + ',' + std::to_string(i % 2) + '\n';
  }
  return csv;
}

struct Results {
  MemoryBundle model;
  TablePtr scores;
  EvidenceRows metrics;
};

Results run_all(WorkerPlugins& host, const TablePtr& table) {
  const Opened learner = choose(host, "probe", "learner", "{}"), counter = choose(host, "probe", "counter", "{}");
  const RowSet data{.table = table, .roles = {{"label", "y"}}, .digest = std::nullopt, .batch_rows = 10'001};
  CallOptions options;
  options.seed = 11;
  Listener nobody;
  Results results;
  host.trainer(learner.info, "learner", learner.config)->fit(data, &data, nullptr, results.model, options, nobody);
  const auto scorer = host.scorer(learner.info, "learner", learner.config);
  scorer->load(std::make_shared<MemoryBundle>(results.model), options, nobody);
  scorer->bind(table->schema(), options, nobody);
  results.scores = scorer->score(table, options, nobody);
  const auto fold = host.fold(counter.info, "counter", kEvaluator, counter.config);
  const auto state = fold->begin(table->schema(), data.roles, nullptr, options, nobody);
  state->update(data, options, nobody);
  results.metrics = state->finish(nullptr, options, nobody);
  return results;
}

bool same_bits(const Table& left, const Table& right) {
  if (left.schema() != right.schema() || left.rows() != right.rows()) return false;
  for (std::size_t i = 0; i < left.columns().size(); ++i)
    for (std::int64_t row = 0; row < left.rows(); ++row) {
      const Column &a = left.columns()[i], &b = right.columns()[i];
      if (a.type() == ColumnType::f64) {
        const double x = a.f64(row), y = b.f64(row);
        if (std::memcmp(&x, &y, sizeof x) != 0) return false;
      } else if (a.type() == ColumnType::utf8 && a.utf8(row) != b.utf8(row)) {
        return false;
      } else if (a.type() == ColumnType::i64 && a.i64(row) != b.i64(row)) {
        return false;
      }
    }
  return true;
}

TEST_CASE("Arena: a plugin gives the same bits in a worker, from rows copied or shared, and in-process") {
  const TablePtr heap = read_csv(many_rows());
  const TablePtr shared = cast_table(*heap, heap->schema(), "rows", "a test",
                                     std::make_shared<SharedTableMemory>(std::uint64_t{8} << 20));
  WorkerPlugins workers = plugins();
  const Digest probe = workers.find(test_plugin("probe").string()).digest;
  WorkerPlugins trusting({.worker = "/no/such/worker", .directories = {}, .registry = {}, .trusted = {probe}});

  const Results copied = run_all(workers, heap), mapped = run_all(workers, shared), here = run_all(trusting, heap);
  for (const Results* other : {&mapped, &here}) {
    REQUIRE(other->model.all().size() == copied.model.all().size());
    for (const auto& [name, entry] : copied.model.all()) CHECK(other->model.all().at(name).bytes == entry.bytes);
    CHECK(same_bits(*other->scores, *copied.scores));
    CHECK(other->metrics == copied.metrics);
  }
}

TEST_CASE("Arena: a table that ended is forgotten, and the next one is read as it is") {
  WorkerPlugins host = plugins();
  const Opened probe = choose(host, "probe", "counter", "{}");
  Listener nobody;
  const auto fold = host.fold(probe.info, "counter", kEvaluator, probe.config);
  const TableSchema schema{{"a", ColumnType::i64}};
  const auto state = fold->begin(schema, {}, nullptr, {}, nobody);
  double sum = 0;
  for (int i = 1; i <= 5; ++i) {
    const TablePtr table = cast_table(*read_csv("a\n" + std::to_string(i) + "\n"), schema, "rows", "a test",
                                      std::make_shared<SharedTableMemory>(4096));
    state->update({.table = table, .roles = {}, .digest = std::nullopt}, {}, nobody);
    sum += i;
  }
  const auto metrics = std::get<std::vector<MetricRow>>(state->finish(nullptr, {}, nobody));
  CHECK(metrics.at(1).value == sum);
}

}  // namespace
}  // namespace assay::test
