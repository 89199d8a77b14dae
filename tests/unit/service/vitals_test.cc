// SPDX-License-Identifier: Apache-2.0
#include "registry/service/vitals.h"

#include <fstream>

#include "registry/catalog/catalogue_meter.h"
#include "registry/service/delete_version.h"
#include "registry/service/jobs.h"
#include "registry/service/promote.h"
#include "registry/service/quota.h"
#include "registry/service/scrub_blobs.h"
#include "tests/unit/service/registry.h"

using namespace assay;
using namespace assay::test;
using namespace std::chrono_literals;

namespace {

// Whose steady time goes on by a step with every look, so that looking takes as long as a test says.
class SteppedClock final : public Clock {
 public:
  std::chrono::sys_time<std::chrono::milliseconds> now() const override { return kNow; }
  std::chrono::steady_clock::time_point steady_now() const override { return now_ += step; }
  std::chrono::milliseconds step{0};

 private:
  mutable std::chrono::steady_clock::time_point now_{};
};

struct Watched : Registry {
  SteppedClock watch;
  CatalogueMeter meter;
  Jobs jobs{services};
  bool store_writable = true;
  Vitals vitals{{.services = {*catalogue.database, blobs, watch, entropy, &maintenance, &disk},
                 .data_dir = catalogue.directory.path(),
                 .catalogue = meter,
                 .jobs = jobs,
                 .store_writable = [this] { return store_writable; }}};

  // Of `name`, with this value of its label if it has one; none when there is no such sample.
  std::optional<double> value(std::string_view name, std::string_view label = "") {
    for (const MetricFamily& family : vitals.families())
      if (family.name == name)
        for (const MetricSample& sample : family.samples)
          if (label.empty() || sample.labels.at(0).second == label) return std::get<double>(sample.value);
    return std::nullopt;
  }
};

}  // namespace

TEST_CASE("Vitals: what the catalogue holds is counted by kind, without deleted versions") {
  Watched registry;
  registry.push(registry.admin, "acme/churn", "one");
  registry.push(registry.admin, "acme/churn", "three");
  CHECK(registry.value("assay_artifacts", "model") == 1);
  CHECK(registry.value("assay_versions", "model") == 2);
  CHECK(registry.value("assay_version_bytes", "model") == 8);
  CHECK(registry.value("assay_versions", "dataset") == 0);
  delete_version(registry.services, registry.admin, Kind::model, Name::parse("acme/churn"), Selector(1));
  CHECK(registry.value("assay_versions", "model") == 1);
  CHECK(registry.value("assay_version_bytes", "model") == 5);
}

TEST_CASE("Vitals: what takes long to count is not counted again before a hundred times as long") {
  Watched registry;
  registry.watch.step = 1ms;  // for one look: it begins, it ends, and the next scrape asks for the time again
  CHECK(registry.value("assay_versions", "model") == 0);
  registry.push(registry.admin, "acme/churn", "one");
  for (int scrape = 0; scrape < 99; ++scrape) CHECK(registry.value("assay_versions", "model") == 0);
  CHECK(registry.value("assay_versions", "model") == 1);
}

TEST_CASE("Vitals: quotas are shown, the fullest first, and no more than may be") {
  Watched registry;
  registry.push(registry.admin, "full/churn", "four");
  registry.push(registry.admin, "free/churn", "four");
  for (std::size_t i = 0; i < kShownQuotas; ++i)
    set_quota(registry.services, registry.admin, Namespace::parse("empty" + std::to_string(i)), 1000);
  set_quota(registry.services, registry.admin, Namespace::parse("full"), 5);
  CHECK(registry.value("assay_quota_limit_bytes") == 5);
  CHECK(registry.value("assay_quota_used_bytes") == 4);
  CHECK(registry.value("assay_quota_used_bytes", "full") == 4);
  CHECK_FALSE(registry.value("assay_quota_used_bytes", "free"));
  for (const MetricFamily& family : registry.vitals.families())
    if (family.name.starts_with("assay_quota_")) CHECK(family.samples.size() == kShownQuotas);
}

TEST_CASE("Vitals: decisions are counted from the start on, each once") {
  Watched registry;
  registry.push(registry.admin, "acme/churn", "one");
  const auto promote_it = [&] {
    promote(registry.services, registry.admin,
            {.model = Name::parse("acme/churn"), .stage = StageName::parse("production"), .version = Selector(1)});
  };
  CHECK(registry.value("assay_decisions_total", "promoted") == 0);
  promote_it();
  CHECK(registry.value("assay_decisions_total", "promoted") == 1);
  promote_it();
  CHECK(registry.value("assay_decisions_total", "promoted") == 1);
  CHECK(registry.value("assay_decisions_total", "already_there") == 1);
  CHECK(registry.value("assay_decisions_total", "refused") == 0);
}

TEST_CASE("Vitals: a part that writes no more says so") {
  Watched registry;
  CHECK(registry.value("assay_read_only", "catalogue") == 0);
  CHECK(registry.value("assay_read_only", "store") == 0);
  registry.meter.disk_failed = true;
  registry.store_writable = false;
  CHECK(registry.value("assay_read_only", "catalogue") == 1);
  CHECK(registry.value("assay_read_only", "store") == 1);
}

TEST_CASE("Vitals: the disk's room is told beside the reserve below which uploads end") {
  Watched registry;
  registry.disk.space = {std::uint64_t{1} << 40, 1000};
  CHECK(registry.value("assay_disk_available_bytes") == 1000);
  CHECK(registry.value("assay_disk_reserve_bytes") == static_cast<double>(kMaxReserve));
}

TEST_CASE("Vitals: damage stays told until a scrub has come to the end without finding it") {
  Watched registry;
  registry.push(registry.admin, "acme/churn", "weights");
  CHECK_FALSE(registry.value("assay_scrub_timestamp_seconds"));
  CHECK(registry.value("assay_damaged_blobs") == 0);
  registry.blobs.damage(Digest::of("weights"));
  scrub_blobs(registry.services, registry.admin, {});
  CHECK(registry.value("assay_damaged_blobs") == 1);
  CHECK(registry.value("assay_scrub_timestamp_seconds"));
  registry.blobs.forget(Digest::of("weights"));
  registry.upload(registry.admin, "weights");
  scrub_blobs(registry.services, registry.admin, {.stop = [] { return true; }});
  CHECK(registry.value("assay_damaged_blobs") == 1);
  scrub_blobs(registry.services, registry.admin, {});
  CHECK(registry.value("assay_damaged_blobs") == 0);
}

TEST_CASE("Vitals: the last backup is known by what it left, and jobs by how they ended") {
  Watched registry;
  CHECK_FALSE(registry.value("assay_backup_timestamp_seconds"));
  std::ofstream(registry.catalogue.directory / kBackupTimeFile) << "2026-11-21T00:00:00.000Z\n";
  CHECK(registry.value("assay_backup_timestamp_seconds") ==
        static_cast<double>(to_milliseconds(parse_time("2026-11-21T00:00:00Z"))) / 1000);
  CHECK(registry.value("assay_jobs_ended_total", "gc") == 0);
  const ServerJob job = registry.jobs.start(registry.admin, GcJob());
  while (!registry.jobs.find(registry.admin, job.id).finished_at) std::this_thread::yield();
  CHECK(registry.value("assay_jobs_ended_total", "gc") == 1);
}
