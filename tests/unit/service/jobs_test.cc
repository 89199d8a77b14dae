// SPDX-License-Identifier: Apache-2.0
#include "registry/service/jobs.h"

#include <future>
#include <semaphore>

#include "tests/unit/service/registry.h"

using namespace assay;
using namespace assay::test;

namespace {

JobWish gc() {
  return GcJob();
}
JobWish scrub() {
  return ScrubJob();
}

// The job once it has ended.
ServerJob ended(Jobs& jobs, Registry& registry, const Id& id) {
  for (;;) {
    ServerJob job = jobs.find(registry.admin, id);
    if (job.finished_at) return job;
    std::this_thread::yield();
  }
}

// Holds a collection between marking and removing until it is let go.
struct Hold {
  explicit Hold(MemoryMaintenance& maintenance) {
    maintenance.before_sweep = [this] {
      entered.set_value();
      go.get_future().wait();
    };
  }
  std::promise<void> entered, go;
};

// Scrubs until it is told to stop.
class EndlessScrub final : public Maintenance {
 public:
  ScrubReport scrub(const ScrubRequest& request) override {
    if (!std::exchange(begun_, true)) entered.set_value();
    while (!request.stop()) std::this_thread::yield();
    left = true;
    return {.cursor = "on", .problems = {}, .damaged_blobs = {}};
  }
  GcReport collect_garbage(const GcRequest&) override { return {}; }
  Explanation explain(const Digest& digest) const override {
    return {.digest = digest, .places = {}, .needed_by = {}};
  }
  Savings savings(const std::vector<Digest>&) const override { return {}; }

  std::promise<void> entered;
  std::atomic<bool> left = false;

 private:
  bool begun_ = false;
};

class NoCopies final : public Artifacts {
 public:
  ArtifactVersion resolve(Kind, std::string_view) override { throw Error(Code::not_found, "nothing is here"); }
  ArtifactVersion resolve_input(const ArtifactVersion&, const Digest&) override { return resolve(Kind::dataset, ""); }
  std::filesystem::path fetch(const ArtifactVersion&, const ArtifactFile&) override { return {}; }
  ArtifactVersion publish_model(std::string_view, const std::vector<NewFile>&, const Id&) override {
    return resolve(Kind::model, "");
  }
};

// A bench where every search for a plugin takes until it is let go, and finds none.
class SlowBench final : public ServerBench, public Plugins {
 public:
  Plugins& plugins() override { return *this; }
  std::unique_ptr<Artifacts> copies() override { return std::make_unique<NoCopies>(); }
  std::string environment() override { return "{}"; }

  PluginInfo find(std::string_view wanted) override {
    entered.release();
    go.acquire();
    throw Error(Code::not_found, "no plugin " + std::string(wanted));
  }
  std::vector<PluginInfo> list() override { return {}; }
  Config complete_config(const PluginInfo&, std::string_view, std::string_view) override { return {"{}", Digest::of("{}")}; }
  std::unique_ptr<Trainer> trainer(const PluginInfo&, std::string_view, const Config&) override { return nullptr; }
  std::unique_ptr<Scorer> scorer(const PluginInfo&, std::string_view, const Config&) override { return nullptr; }
  std::unique_ptr<Fold> fold(const PluginInfo&, std::string_view, std::string_view, const Config&) override { return nullptr; }

  std::counting_semaphore<> entered{0}, go{0};
};

JobWish evidence() {
  return AttestWish{.kind = EvidenceKind::validation, .plugin = "contract", .data = "rows@1"};
}

}  // namespace

TEST_CASE("Jobs: one runs by itself and keeps what it did") {
  Registry registry;
  registry.upload(registry.ann, "pending");
  registry.clock.time += std::chrono::hours(48);
  Jobs jobs(registry.services);
  const ServerJob started = jobs.start(registry.admin, gc());
  CHECK(started.status == JobStatus::running);
  const ServerJob job = ended(jobs, registry, started.id);
  CHECK(job.status == JobStatus::finished);
  CHECK(job.result["dead_blobs"] == 1);
  CHECK(job.finished_at.has_value());
  CHECK_FALSE(job.error.has_value());
  CHECK(jobs.list(registry.admin).size() == 1);
}

TEST_CASE("Jobs: a second of the same kind is refused while the first runs, another kind is not") {
  Registry registry;
  Hold hold(registry.maintenance);
  Jobs jobs(registry.services);
  const ServerJob first = jobs.start(registry.admin, gc());
  hold.entered.get_future().wait();
  CHECK(code_of([&] { jobs.start(registry.admin, gc()); }) == Code::already_exists);
  CHECK(message_of([&] { jobs.start(registry.admin, gc()); }).find(first.id.text()) != std::string::npos);
  CHECK(ended(jobs, registry, jobs.start(registry.admin, scrub()).id).status == JobStatus::finished);
  hold.go.set_value();
  ended(jobs, registry, first.id);
  registry.maintenance.before_sweep = nullptr;
  CHECK(ended(jobs, registry, jobs.start(registry.admin, gc()).id).status == JobStatus::finished);
}

TEST_CASE("Jobs: uploads and publications go on while a collection waits between marking and removing") {
  Registry registry;
  Hold hold(registry.maintenance);
  Jobs jobs(registry.services);
  const ServerJob job = jobs.start(registry.admin, gc());
  hold.entered.get_future().wait();
  CHECK(registry.push(registry.ann, "acme/churn", "one").version.number == 1);
  hold.go.set_value();
  CHECK(ended(jobs, registry, job.id).status == JobStatus::finished);
}

TEST_CASE("Jobs: one that is stopped says so and keeps what it had done") {
  Registry registry;
  for (const char* bytes : {"a", "b", "c"}) registry.upload(registry.ann, bytes);
  std::promise<void> entered, go;
  bool first = true;
  registry.maintenance.after_record = [&] {
    if (!std::exchange(first, false)) return;
    entered.set_value();
    go.get_future().wait();
  };
  Jobs jobs(registry.services);
  const ServerJob job = jobs.start(registry.admin, scrub());
  entered.get_future().wait();
  jobs.stop(registry.admin, job.id);
  go.set_value();
  const ServerJob stopped = ended(jobs, registry, job.id);
  CHECK(stopped.status == JobStatus::stopped);
  CHECK(stopped.result["complete"] == false);
  CHECK(stopped.result["records"] == 1);
  CHECK(ended(jobs, registry, jobs.start(registry.admin, ScrubJob{.go_on = true}).id).result["records"] == 3);
}

TEST_CASE("Jobs: ending the server stops what runs and waits for it") {
  Registry registry;
  EndlessScrub endless;
  registry.services.maintenance = &endless;
  {
    Jobs jobs(registry.services);
    jobs.start(registry.admin, scrub());
    endless.entered.get_future().wait();
  }
  // That the line above came to its end is the point; and nothing runs after it.
  CHECK(endless.left);
}

TEST_CASE("Jobs: what one fails with is told") {
  Registry registry;
  registry.services.maintenance = nullptr;
  Jobs jobs(registry.services);
  const ServerJob job = ended(jobs, registry, jobs.start(registry.admin, gc()).id);
  CHECK(job.status == JobStatus::failed);
  REQUIRE(job.error.has_value());
  CHECK(job.error->code() == Code::unavailable);
  CHECK(nlohmann::json(job)["error"]["code"] == "unavailable");
}

TEST_CASE("Jobs: only an admin of everything starts, sees or stops a collection") {
  Registry registry;
  Jobs jobs(registry.services);
  const Principal keeper = registry.caller("keeper", Role::admin, "acme");
  CHECK(code_of([&] { jobs.start(keeper, gc()); }) == Code::denied);
  const Id id = jobs.start(registry.admin, gc()).id;
  CHECK(jobs.list(keeper).empty());
  CHECK(code_of([&] { jobs.find(keeper, id); }) == Code::not_found);
  CHECK(code_of([&] { jobs.stop(keeper, id); }) == Code::not_found);
  CHECK(code_of([&] { jobs.find(registry.admin, new_id(registry.clock, registry.entropy)); }) ==
        Code::not_found);
}

TEST_CASE("Jobs: a hundred are remembered, the newest first") {
  Registry registry;
  Jobs jobs(registry.services);
  for (int i = 0; i < 101; ++i) ended(jobs, registry, jobs.start(registry.admin, gc()).id);
  const auto all = jobs.list(registry.admin);
  CHECK(all.size() == 100);
  CHECK(all.front().id.text() > all.back().id.text());
}

TEST_CASE("Jobs: a wish is what its kind takes, and nothing else") {
  CHECK_FALSE(std::get<GcJob>(parse_job_wish(JobKind::gc, "")).dry_run);
  CHECK(std::get<GcJob>(parse_job_wish(JobKind::gc, R"({"dry_run": true})")).dry_run);
  const auto wish =
      std::get<ScrubJob>(parse_job_wish(JobKind::scrub, R"({"bytes_per_second": 1048576, "continue": true})"));
  CHECK(wish.bytes_per_second == 1048576);
  CHECK(wish.go_on);
  CHECK(code_of([] { parse_job_wish(JobKind::gc, R"({"continue": true})"); }) == Code::invalid_argument);
  CHECK(code_of([] { parse_job_wish(JobKind::scrub, R"({"bytes_per_second": -1})"); }) ==
        Code::invalid_argument);
}

TEST_CASE("Jobs: evidence waits its turn, and is shown to who asked for it and to admins") {
  Registry registry;
  SlowBench bench;
  Jobs jobs(registry.services, &bench);
  const ServerJob first = jobs.start(registry.ann, evidence());
  bench.entered.acquire();
  const ServerJob second = jobs.start(registry.eve, evidence());
  CHECK(first.status == JobStatus::running);
  CHECK(second.status == JobStatus::waiting);
  CHECK(code_of([&] { jobs.find(registry.eve, first.id); }) == Code::not_found);
  CHECK(code_of([&] { jobs.stop(registry.ann, second.id); }) == Code::not_found);
  CHECK(jobs.list(registry.ann).size() == 1);
  CHECK(jobs.list(registry.admin).size() == 2);
  CHECK(code_of([&] { jobs.start(registry.caller("bo", Role::reader, "acme"), evidence()); }) == Code::denied);
  bench.go.release();
  const ServerJob failed = ended(jobs, registry, first.id);
  CHECK(failed.status == JobStatus::failed);
  CHECK(failed.error->code() == Code::not_found);
  bench.entered.acquire();
  jobs.stop(registry.eve, second.id);
  bench.go.release();
  CHECK(ended(jobs, registry, second.id).status == JobStatus::stopped);
}

TEST_CASE("Jobs: evidence is refused past the last place in the queue, and where none is made") {
  Registry registry;
  SlowBench bench;
  {
    Jobs jobs(registry.services, &bench);
    jobs.start(registry.ann, evidence());
    bench.entered.acquire();
    for (std::size_t i = 0; i < Jobs::kMaxWaiting; ++i) jobs.start(registry.ann, evidence());
    CHECK(code_of([&] { jobs.start(registry.ann, evidence()); }) == Code::unavailable);
    bench.go.release();
  }
  Jobs none(registry.services);
  CHECK(code_of([&] { none.start(registry.ann, evidence()); }) == Code::unavailable);
}

TEST_CASE("Jobs: evidence is asked for by an installed plugin's name, and by nothing that names a file") {
  const auto wish = [](const std::string& plugin) {
    return std::get<AttestWish>(parse_job_wish(
        JobKind::evidence, R"({"kind":"evaluation","model":"churn@1","data":"rows@1","plugin":")" + plugin + "\"}"));
  };
  CHECK(wish("classification").plugin == "classification");
  for (const char* other : {"/lib/x.so", "x.so", "../x", "gbt@2", "acme/gbt", "", "a:b"})
    CHECK(code_of([&] { wish(other); }) == Code::invalid_argument);
  const auto refused = [](const char* body) {
    return code_of([&] { parse_job_wish(JobKind::evidence, body); }) == Code::invalid_argument;
  };
  CHECK(refused(R"({"kind":"evaluation","data":"rows@1","plugin":"c"})"));
  CHECK(refused(R"({"kind":"validation","model":"m@1","data":"rows@1","plugin":"c"})"));
  CHECK(refused(R"({"kind":"comparison","model":"m@1","data":"rows@1","plugin":"c"})"));
  CHECK(refused(R"({"kind":"drift","model":"m@1","data":"rows@1","plugin":"c","threads":4})"));
}

TEST_CASE("Jobs: a timing past its limits is refused when it is asked for, not when its turn comes") {
  const auto ask = [](const std::string& timing) {
    parse_job_wish(JobKind::evidence,
                   R"({"kind":"evaluation","model":"churn@1","data":"rows@1","timing":)" + timing + "}");
  };
  CHECK_NOTHROW(ask(R"({"batches":[1,100000],"calls":100000})"));
  for (const char* timing :
       {R"({"batches":[-1]})", R"({"batches":[0]})", R"({"batches":[100001]})", R"({"batches":[]})",
        R"({"batches":[18446744073709551615]})", R"({"calls":0})", R"({"calls":100001})"})
    CHECK(code_of([&] { ask(timing); }) == Code::invalid_argument);
}
