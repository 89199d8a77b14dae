// SPDX-License-Identifier: Apache-2.0
#include "registry/service/vitals.h"

#include <algorithm>

#include "registry/catalog/catalogue_meter.h"
#include "registry/domain/decision.h"
#include "registry/events/delivery_worker.h"
#include "registry/service/checkpoint_keeper.h"
#include "registry/service/jobs.h"
#include "registry/service/quota.h"
#include "registry/service/scrub_blobs.h"
#include "storage/base/error.h"
#include "storage/blob/blob_store.h"
#include "storage/env/clock.h"
#include "storage/env/disk_space.h"
#include "storage/env/private_file.h"
#include "storage/env/process_usage.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

constexpr auto kCounter = MetricType::counter;
constexpr auto kGauge = MetricType::gauge;

// A figure that has one sample for each value of its label.
class Labelled {
 public:
  Labelled(std::string_view name, MetricType type, std::string_view help, std::string_view label)
      : family_{name, type, help, {}}, label_(label) {}

  template <class Number>
  void add(std::string_view value, Number number) {
    family_.samples.push_back({{{label_, std::string(value)}}, static_cast<double>(number)});
  }
  MetricFamily take() { return std::move(family_); }

 private:
  MetricFamily family_;
  const std::string_view label_;
};

// One that is not there until it is known.
template <class Known, class Number>
MetricFamily metric_if(std::string_view name, std::string_view help, const std::optional<Known>& known, Number number) {
  MetricFamily family{name, kGauge, help, {}};
  if (known) family.samples = {{{}, static_cast<double>(number(*known))}};
  return family;
}

double seconds(Time time) {
  return static_cast<double>(to_milliseconds(time)) / 1000;
}

std::uint64_t size_of(const fs::path& file) {
  std::error_code missing;
  const auto size = fs::file_size(file, missing);
  return missing ? 0 : size;
}

std::optional<Time> backup_time(const fs::path& data_dir) {
  const auto text = read_private_file(data_dir / kBackupTimeFile);
  if (!text) return std::nullopt;
  return parse_time(text->substr(0, text->find('\n')));
}

double fullness(const Quota& quota) {
  return static_cast<double>(quota.used) / static_cast<double>(std::max<std::uint64_t>(*quota.limit, 1));
}

std::vector<Quota> fullest(std::vector<Quota> quotas) {
  std::erase_if(quotas, [](const Quota& quota) { return !quota.limit; });
  std::stable_sort(quotas.begin(), quotas.end(),
                   [](const Quota& one, const Quota& other) { return fullness(one) > fullness(other); });
  if (quotas.size() > kShownQuotas) quotas.erase(quotas.begin() + kShownQuotas, quotas.end());
  return quotas;
}

void add_process(std::vector<MetricFamily>& out) {
  const ProcessUsage usage = process_usage();
  out.push_back(metric("process_start_time_seconds", kGauge, "When the server started, in seconds since 1970.",
                       usage.started_at));
  out.push_back(metric("process_cpu_seconds_total", kCounter, "CPU time of the server, without its workers.",
                       usage.cpu_seconds));
  out.push_back(metric("process_resident_memory_bytes", kGauge, "Memory of the server, without its workers.",
                       usage.resident_bytes));
  out.push_back(metric("process_open_fds", kGauge, "Open files and connections.", usage.open_files));
  out.push_back(metric("process_max_fds", kGauge, "How many of them there may be.", usage.max_files));
}

}  // namespace

Vitals::Vitals(VitalSources sources) : sources_(std::move(sources)) {
  newest_ = sources_.services.database.read([](Snapshot& snapshot) { return newest_decision(snapshot); });
}

std::vector<MetricFamily> Vitals::families() {
  Families out;
  add_holdings(out);
  add_catalogue(out);
  add_store(out);
  add_soundness(out);
  add_webhooks(out);
  add_jobs(out);
  add_process(out);
  return out;
}

Vitals::Held Vitals::held() {
  const Clock& clock = sources_.services.clock;
  const auto start = clock.steady_now();
  {
    const std::lock_guard lock(mutex_);
    if (start < look_again_) return held_;
  }
  Held fresh = sources_.services.database.read([](Snapshot& snapshot) {
    return Held{holdings(snapshot), fullest(list_quotas(snapshot, ReadableSpaces::everything()))};
  });
  const auto end = clock.steady_now();
  const std::lock_guard lock(mutex_);
  held_ = fresh;
  look_again_ = end + kHoldingsShare * (end - start);
  return fresh;
}

// Those that were made since the last time are added to what was counted then.
std::map<std::string, std::int64_t> Vitals::decisions(Snapshot& snapshot) {
  const std::int64_t after = [this] {
    const std::lock_guard lock(mutex_);
    return newest_;
  }();
  const std::int64_t newest = newest_decision(snapshot);
  const auto fresh = decisions_after(snapshot, after);
  const std::lock_guard lock(mutex_);
  if (newest_ == after) {  // nobody else has counted them meanwhile
    for (const auto& [verdict, count] : fresh) decisions_[verdict] += count;
    newest_ = newest;
  }
  return decisions_;
}

void Vitals::add_holdings(Families& out) {
  Labelled artifacts("assay_artifacts", kGauge, "Models, datasets and plugins.", "kind");
  Labelled versions("assay_versions", kGauge, "Their versions, without deleted ones.", "kind");
  Labelled bytes("assay_version_bytes", kGauge, "Bytes of those versions' files, each version counted in full.", "kind");
  Labelled limit("assay_quota_limit_bytes", kGauge, "What a namespace with a quota may hold.", "namespace");
  Labelled used("assay_quota_used_bytes", kGauge, "What it holds.", "namespace");
  const Held held = this->held();
  for (const Kind kind : kKinds) {
    const auto known = std::find_if(held.holdings.begin(), held.holdings.end(),
                                    [&](const Holding& holding) { return holding.kind == kind; });
    const Holding holding = known == held.holdings.end() ? Holding{kind} : *known;
    artifacts.add(singular(kind), holding.artifacts);
    versions.add(singular(kind), holding.versions);
    bytes.add(singular(kind), holding.bytes);
  }
  for (const Quota& quota : held.quotas) {
    limit.add(quota.space.text(), *quota.limit);
    used.add(quota.space.text(), quota.used);
  }
  for (Labelled* family : {&artifacts, &versions, &bytes, &limit, &used}) out.push_back(family->take());
}

void Vitals::add_catalogue(Families& out) {
  const CatalogueMeter& meter = sources_.catalogue;
  out.push_back(metric("assay_catalogue_commit_duration_seconds", "How long the disk took to make a commit durable.",
                       meter.commit_seconds.counts()));
  out.push_back(metric("assay_catalogue_commit_writes", "How many changes shared a commit.", meter.commit_writes.counts()));
  out.push_back(metric("assay_catalogue_writes_waiting", kGauge, "Changes that wait for their commit.", meter.writes_waiting.load()));
  out.push_back(metric("assay_catalogue_writes_refused_total", kCounter, "Changes refused because too many waited.",
                       meter.writes_refused.load()));
  out.push_back(metric("assay_catalogue_readers", kGauge, "How many may read at once.", meter.readers.load()));
  out.push_back(metric("assay_catalogue_readers_busy", kGauge, "How many do; the scrape itself may be one.", meter.readers_busy.load()));
  out.push_back(metric("assay_catalogue_reads_refused_total", kCounter, "Reads given up because none of them got free.",
                       meter.reads_refused.load()));
  out.push_back(metric("assay_catalogue_bytes", kGauge, "Size of catalog.db.", size_of(sources_.data_dir / "catalog.db")));
  out.push_back(metric("assay_catalogue_log_bytes", kGauge, "Size of its write-ahead log.", size_of(sources_.data_dir / "catalog.db-wal")));
  Labelled decisions_made("assay_decisions_total", kCounter, "Promotions and rollbacks decided since the server started.", "verdict");
  sources_.services.database.read([&](Snapshot& snapshot) {
    auto counted = decisions(snapshot);
    for (int verdict = 0; verdict <= static_cast<int>(DecisionVerdict::rolled_back); ++verdict) {
      const std::string word(to_text(static_cast<DecisionVerdict>(verdict)));
      decisions_made.add(word, counted[word]);
    }
    out.push_back(decisions_made.take());
    out.push_back(metric("assay_audit_entries", kGauge, "Entries of the audit trail.", newest_audit(snapshot)));
  });
  if (const CheckpointKeeper* checkpoints = sources_.services.checkpoints)
    out.push_back(metric("assay_audit_signed_entries", kGauge, "Those that the last signed checkpoint covers.",
                         checkpoints->signed_entries()));
}

void Vitals::add_store(Families& out) const {
  const BlobTotals totals = sources_.services.blobs.totals();
  out.push_back(metric("assay_blobs", kGauge, "Blobs stored.", totals.blobs));
  out.push_back(metric("assay_blob_raw_bytes", kGauge, "Their sizes added up.", totals.raw_bytes));
  out.push_back(metric("assay_blob_stored_bytes", kGauge, "Bytes of the records that they are stored as.", totals.stored_bytes));
  if (const DiskGauge* disk = sources_.services.disk) {
    const DiskSpace space = disk->look();
    out.push_back(metric("assay_disk_bytes", kGauge, "Size of the data disk.", space.total));
    out.push_back(metric("assay_disk_available_bytes", kGauge, "Room on the data disk.", space.available));
    out.push_back(metric("assay_disk_reserve_bytes", kGauge, "Room below which uploads are refused.", disk_reserve(space.total)));
  }
  Labelled read_only("assay_read_only", kGauge, "1 once a disk failed under this part: nothing is written until a restart.", "part");
  read_only.add("catalogue", sources_.catalogue.disk_failed ? 1 : 0);
  read_only.add("store", sources_.store_writable && !sources_.store_writable() ? 1 : 0);
  out.push_back(read_only.take());
}

void Vitals::add_soundness(Families& out) const {
  const LastScrub scrub = sources_.services.database.read([](Snapshot& snapshot) { return last_scrub(snapshot); });
  out.push_back(metric_if("assay_scrub_timestamp_seconds", "When a scrub last reached the end, in seconds since 1970.",
                          scrub.finished_at, seconds));
  out.push_back(metric("assay_scrub_problems", kGauge, "Damaged or missing records that it, or the one under way, found.",
                       scrub.problems_found));
  out.push_back(metric("assay_damaged_blobs", kGauge, "Blobs of which it found no sound copy; at most 200 are counted.",
                       scrub.damaged_blobs));
  out.push_back(metric_if("assay_backup_timestamp_seconds", "When the last backup was made, in seconds since 1970.",
                          backup_time(sources_.data_dir), seconds));
}

void Vitals::add_webhooks(Families& out) const {
  const DeliveryWorker* worker = sources_.deliveries;
  const DeliveryTotals totals = worker ? worker->totals() : DeliveryTotals{};
  const Backlog backlog = worker ? worker->backlog() : Backlog{};
  const Time now = sources_.services.clock.now();
  out.push_back(metric("assay_webhooks_delivered_total", kCounter, "Webhooks that their receivers took.", totals.delivered));
  out.push_back(metric("assay_webhooks_failed_total", kCounter, "Attempts to send one that failed.", totals.failed));
  out.push_back(metric("assay_webhooks_dead_total", kCounter, "Deliveries given up after their last attempt.", totals.dead));
  out.push_back(metric("assay_webhooks_waiting", kGauge, "Deliveries being made or to be tried again.", backlog.deliveries));
  out.push_back(metric("assay_webhooks_oldest_age_seconds", kGauge, "Age of the oldest event that one of them is to tell of.",
                       backlog.oldest ? std::max(0.0, seconds(now) - seconds(*backlog.oldest)) : 0.0));
}

void Vitals::add_jobs(Families& out) const {
  Labelled waiting("assay_jobs_waiting", kGauge, "Jobs that wait their turn.", "kind");
  Labelled running("assay_jobs_running", kGauge, "Jobs that run.", "kind");
  MetricFamily ended{"assay_jobs_ended_total", kCounter, "Jobs that ended, by how.", {}};
  for (const JobKind kind : {JobKind::gc, JobKind::scrub, JobKind::evidence}) {
    const Jobs::Counts counts = sources_.jobs.counts(kind);
    const auto add_ended = [&](JobStatus status, std::uint64_t count) {
      ended.samples.push_back({{{"kind", std::string(to_text(kind))}, {"status", std::string(to_text(status))}},
                               static_cast<double>(count)});
    };
    waiting.add(to_text(kind), counts.waiting);
    running.add(to_text(kind), counts.running);
    add_ended(JobStatus::finished, counts.finished);
    add_ended(JobStatus::failed, counts.failed);
    add_ended(JobStatus::stopped, counts.stopped);
  }
  out.push_back(waiting.take());
  out.push_back(running.take());
  out.push_back(std::move(ended));
}

}  // namespace assay
