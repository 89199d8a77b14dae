// SPDX-License-Identifier: Apache-2.0
// After a crash: what can be done again is done once more in a new worker, and a plugin that keeps crashing is left
// alone for a while.
#include "registry/plugin_host/crash_breaker.h"
#include "tests/support/catch.h"
#include "tests/unit/plugin_host/support.h"

namespace assay::test {
namespace {

std::shared_ptr<const BundleSource> model_of(double mean) {
  auto model = std::make_shared<MemoryBundle>();
  model->put("weights", "", std::string(reinterpret_cast<const char*>(&mean), sizeof mean));
  return model;
}

struct Scoring {
  std::shared_ptr<StandingClock> clock = std::make_shared<StandingClock>();
  WorkerPlugins host{{.worker = worker(), .directories = {}, .registry = {}, .clock = clock}};
  Opened probe = choose(host, "probe", "learner", "{}");
  RowSet data = rows("a\n1\n");
  Listener nobody;

  std::unique_ptr<Scorer> scorer(std::shared_ptr<const BundleSource> model) {
    auto made = host.scorer(probe.info, "learner", probe.config);
    made->load(std::move(model), {}, nobody);
    made->bind(data.table->schema(), {}, nobody);
    return made;
  }
};

TEST_CASE("Crash: a score that crashed is tried once more, with the model loaded and bound again") {
  Scoring scoring;
  const auto scorer = scoring.scorer(model_of(-2));
  for (int i = 0; i < 2; ++i)
    CHECK(scorer->score(scoring.data.table, {}, scoring.nobody)->columns()[0].f64(0) == -1);
}

TEST_CASE("Crash: the model is shared for it, not copied, and let go with the scorer") {
  Scoring scoring;
  const std::shared_ptr<const BundleSource> model = model_of(-2);
  auto scorer = scoring.scorer(model);
  CHECK(model.use_count() == 2);
  scorer->load(model_of(1), {}, scoring.nobody);
  CHECK(model.use_count() == 1);
  scorer->load(model, {}, scoring.nobody);
  scorer.reset();
  CHECK(model.use_count() == 1);
}

TEST_CASE("Crash: one that crashes again is reported") {
  Scoring scoring;
  const auto scorer = scoring.scorer(model_of(-3));
  const Error error = error_of([&] { scorer->score(scoring.data.table, {}, scoring.nobody); });
  CHECK(error.code() == Code::internal);
  CHECK(contains(error.message(), "crashed with SIGSEGV"));
}

TEST_CASE("Crash: a training is not tried twice, since what it reported was heard") {
  WorkerPlugins host = plugins();
  CHECK(fit(host, "segv").error->code() == Code::internal);
  CHECK(fit(host, "segv").error->code() == Code::internal);
  CHECK(fit(host, "segv").error->code() == Code::internal);
  CHECK(error_of([&] { fit(host, "segv"); }).code() == Code::unavailable);
}

TEST_CASE("Crash: after three within ten minutes the plugin is not started, and then it is again") {
  Scoring scoring;
  for (int i = 0; i < 3; ++i) {
    CHECK(fit(scoring.host, "segv").error);
    scoring.clock->passed += 60;
  }
  const Error error = error_of([&] { fit(scoring.host, "good"); });
  CHECK(error.code() == Code::unavailable);
  CHECK(contains(error.message(), "plugin probe 1.2.3 crashed 3 times within 10 minutes and is not started for "
                                  "another 420 s; the last time: train with plugin probe 1.2.3: the plugin crashed "
                                  "with SIGSEGV"));
  scoring.clock->passed += 420;
  CHECK_FALSE(fit(scoring.host, "good").error);
}

TEST_CASE("Crash: other plugins, and crashes long ago, do not count") {
  Scoring scoring;
  for (int i = 0; i < 5; ++i) {
    CHECK(fit(scoring.host, "segv").error);
    scoring.clock->passed += 301;
  }
  CHECK_FALSE(fit(scoring.host, "good").error);
}

}  // namespace
}  // namespace assay::test
