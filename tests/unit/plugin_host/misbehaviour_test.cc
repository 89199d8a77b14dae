// SPDX-License-Identifier: Apache-2.0
// Whatever a plugin does, the host gets one clear Error and goes on.
#include <chrono>
#include <thread>

#include "tests/support/catch.h"
#include "tests/unit/plugin_host/support.h"

namespace assay::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

CallOptions within(std::chrono::milliseconds time) {
  CallOptions options;
  options.deadline = steady_clock::now() + time;
  return options;
}

void check_host_is_alive() {
  CHECK_FALSE(fit("good").error);
}

TEST_CASE("Misbehaviour: a segmentation fault names the signal and the last words") {
  const Outcome outcome = fit("segv");
  REQUIRE(outcome.error);
  CHECK(outcome.error->code() == Code::internal);
  CHECK(contains(outcome.error->message(), "train with plugin probe 1.2.3: the plugin crashed with SIGSEGV"));
  CHECK(contains(outcome.error->message(), "about to touch what is not there"));
  check_host_is_alive();
}

TEST_CASE("Misbehaviour: abort names its signal") {
  const Outcome outcome = fit("abort");
  REQUIRE(outcome.error);
  CHECK(contains(outcome.error->message(), "crashed with SIGABRT"));
  check_host_is_alive();
}

TEST_CASE("Misbehaviour: being killed in the middle of a training leaves no part of a model") {
  const Outcome outcome = fit("die_half");
  REQUIRE(outcome.error);
  CHECK(contains(outcome.error->message(), "crashed with SIGKILL"));
  CHECK(contains(outcome.error->message(), "nothing of this call was kept"));
  CHECK(outcome.model.all().empty());
  check_host_is_alive();
}

TEST_CASE("Misbehaviour: an exit in the middle of a call is a failure, whatever its code") {
  const Outcome outcome = fit("exit");
  REQUIRE(outcome.error);
  CHECK(contains(outcome.error->message(), "ended its process with exit code 0"));
  CHECK(outcome.model.all().empty());
  check_host_is_alive();
}

TEST_CASE("Misbehaviour: closing the connection is noticed") {
  for (const char* mode : {"close", "close_all"}) {
    const Outcome outcome = fit(mode);
    REQUIRE(outcome.error);
    CHECK(outcome.error->code() == Code::internal);
    CHECK(contains(outcome.error->message(), "ended its process"));
  }
  check_host_is_alive();
}

TEST_CASE("Misbehaviour: an endless loop is ended two seconds after its deadline") {
  const Outcome outcome = fit("spin", within(100ms));
  REQUIRE(outcome.error);
  CHECK(outcome.error->code() == Code::deadline);
  CHECK(contains(outcome.error->message(), "did not stop within 2 s and was ended"));
  CHECK(outcome.took >= 2s);
  CHECK(outcome.took < 20s);
  check_host_is_alive();
}

TEST_CASE("Misbehaviour: a plugin that polls stops by itself at its deadline") {
  const Outcome outcome = fit("wait", within(100ms));
  REQUIRE(outcome.error);
  CHECK(outcome.error->code() == Code::deadline);
  CHECK(contains(outcome.error->message(), "past its deadline"));
}

TEST_CASE("Misbehaviour: a stop request reaches a plugin that polls") {
  std::stop_source source;
  CallOptions options;
  options.stop = source.get_token();
  const std::jthread stopper([&] { source.request_stop(); });
  const Outcome outcome = fit("wait", options);
  REQUIRE(outcome.error);
  CHECK(outcome.error->code() == Code::cancelled);
}

TEST_CASE("Misbehaviour: an exception becomes the plugin's reason") {
  const Outcome outcome = fit("throw");
  REQUIRE(outcome.error);
  CHECK(contains(outcome.error->message(), "thrown on request"));
}

TEST_CASE("Misbehaviour: a refusal carries column and hint") {
  const Outcome outcome = fit("refuse");
  REQUIRE(outcome.error);
  CHECK(outcome.error->code() == Code::invalid_argument);
  CHECK(outcome.error->message() == "train with plugin probe 1.2.3: no good; column age; try another");
}

TEST_CASE("Misbehaviour: entries of a failed training never arrive") {
  const Outcome outcome = fit("half");
  REQUIRE(outcome.error);
  CHECK(contains(outcome.error->message(), "changed its mind"));
  CHECK(outcome.model.all().empty());
}

TEST_CASE("Misbehaviour: 100 MB on stdout end the plugin, not the host") {
  const Outcome outcome = fit("flood");
  REQUIRE(outcome.error);
  CHECK(outcome.error->code() == Code::too_large);
  CHECK(contains(outcome.error->message(), "printed more than 64 MiB"));
  check_host_is_alive();
}

TEST_CASE("Misbehaviour: a plugin that never stops printing is ended early, whatever it still has to say") {
  const Outcome outcome = fit("print_forever");
  REQUIRE(outcome.error);
  CHECK(outcome.error->code() == Code::too_large);
  check_host_is_alive();
}

TEST_CASE("Misbehaviour: what a plugin prints ends up in the log") {
  const Outcome outcome = fit("chatter");
  CHECK_FALSE(outcome.error);
  const auto& logs = outcome.listener.logs;
  CHECK(std::count(logs.begin(), logs.end(), "a line on stdout") == 1);
  CHECK(std::count(logs.begin(), logs.end(), "a line on stderr") == 1);
}

TEST_CASE("Misbehaviour: a crash in a fold leaves its other calls refused, not hanging") {
  WorkerPlugins host = plugins();
  const Opened probe = choose(host, "probe", "counter", R"({"at":"update","mode":"segv"})");
  Listener nobody;
  const RowSet data = rows("a\n1\n");
  const auto fold = host.fold(probe.info, "counter", kEvaluator, probe.config);
  const auto state = fold->begin(data.table->schema(), {}, nullptr, {}, nobody);
  CHECK(contains(error_of([&] { state->update(data, {}, nobody); }).message(), "SIGSEGV"));
  const Error after = error_of([&] { state->finish(nullptr, {}, nobody); });
  CHECK(after.code() == Code::unavailable);
  CHECK(contains(after.message(), "its worker has ended"));
}

// A rogue's scorer: what binding and scoring four rows come to.
std::string score_with(const std::string& rogue) {
  WorkerPlugins host = plugins();
  const Opened opened = choose(host, rogue, "rogue", "{}");
  Listener nobody;
  try {
    const auto scorer = host.scorer(opened.info, "rogue", opened.config);
    scorer->load(std::make_shared<MemoryBundle>(), {}, nobody);
    scorer->bind({{"a", ColumnType::i64}}, {}, nobody);
    scorer->score(read_csv("a\n1\n2\n3\n4\n"), {}, nobody);
  } catch (const Error& error) {
    return error.message();
  }
  return "fine";
}

TEST_CASE("Misbehaviour: wrong answers of a scorer are refused, each for its reason") {
  CHECK(contains(score_with("rogue_short_answer"), "3 predictions for 4 rows"));
  CHECK(contains(score_with("rogue_short_column"), "\"prediction\" has 3 rows"));
  CHECK(contains(score_with("rogue_wrong_schema"), "\"prediction\" has the Arrow format \"tdD\""));
  CHECK(contains(score_with("rogue_bad_utf8"), "\"prediction\" is not UTF-8 in row 0"));
  CHECK(contains(score_with("rogue_bad_offsets"), "offsets go backwards"));
  // Whether its own worker survives reading them is chance; the host does.
  const std::string far = score_with("rogue_far_offsets");
  INFO(far);
  CHECK((contains(far, "offsets") || contains(far, "crashed") || contains(far, "nothing of this call was kept")));
  CHECK(contains(score_with("rogue_nameless"), "the column name \"\" empty or twice"));
  CHECK(contains(score_with("rogue_throws"), "across the border"));
  CHECK(contains(score_with("rogue_other_manifest"), "another descriptor"));
}

}  // namespace
}  // namespace assay::test
