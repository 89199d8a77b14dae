// SPDX-License-Identifier: Apache-2.0
#include "registry/service/jobs.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <iterator>

#include "registry/domain/json_reader.h"
#include "registry/domain/words.h"
#include "registry/service/collect_garbage.h"
#include "registry/service/scrub_blobs.h"
#include "storage/env/clock.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr Words<JobKind, 3> kJobKinds = {{{JobKind::gc, "gc"}, {JobKind::scrub, "scrub"}, {JobKind::evidence, "evidence"}}};
constexpr Words<JobStatus, 5> kJobStatuses = {{{JobStatus::waiting, "waiting"},
                                            {JobStatus::running, "running"},
                                            {JobStatus::finished, "finished"},
                                            {JobStatus::failed, "failed"},
                                            {JobStatus::stopped, "stopped"}}};

constexpr std::int64_t kMaxRate = std::int64_t{1} << 40;  // no disk is faster
constexpr std::chrono::hours kAttestDeadline{1};            // others wait behind it

JobKind kind_of(const JobWish& wish) {
  return static_cast<JobKind>(wish.index());
}

bool has_ended(JobStatus status) {
  return status != JobStatus::waiting && status != JobStatus::running;
}

// What each kind counts while it works.
std::string unit_of(JobKind kind) {
  switch (kind) {
    case JobKind::gc:
      return "blobs";
    case JobKind::scrub:
      return "bytes";
    default:
      return "percent";
  }
}

// Who may start a job of the kind.
void require_starter(const Principal& caller, JobKind kind) {
  if (kind == JobKind::evidence)
    require_somewhere(caller, Permission::evaluate);
  else
    require_everywhere(caller, Permission::admin);
}

bool may_see(const Principal& caller, const ServerJob& job) {
  return job.token == caller.id || caller.may_everywhere(Permission::admin);
}

// What a plugin says of its progress, as `tell` takes it.
class ToldProgress final : public Progress {
 public:
  using Tell = std::function<void(std::string_view step, std::uint64_t percent)>;
  explicit ToldProgress(Tell tell) : tell_(std::move(tell)) {}

  void progress(double fraction_done, std::string_view what) override {
    tell_(what, static_cast<std::uint64_t>(100 * std::clamp(fraction_done, 0.0, 1.0)));
  }

 private:
  const Tell tell_;
};

}  // namespace

std::string_view to_text(JobKind kind) {
  return spell(kJobKinds, kind);
}
std::string_view to_text(JobStatus status) {
  return spell(kJobStatuses, status);
}

void to_json(json& out, const ServerJob& job) {
  out = {{"id", job.id.text()},
         {"kind", to_text(job.kind)},
         {"status", to_text(job.status)},
         {"started_at", format_time(job.started_at)},
         {"started_by", job.started_by},
         {"finished_at", job.finished_at ? json(format_time(*job.finished_at)) : json()},
         {"step", job.step},
         {"done", job.done},
         {"total", job.total},
         {"unit", job.unit},
         {"result", job.result},
         {"error", nullptr}};
  if (job.error) out["error"] = {{"code", info(job.error->code()).name}, {"message", job.error->message()}};
}

JobWish parse_job_wish(JobKind kind, std::string_view body) {
  if (kind == JobKind::evidence) return parse_attest_wish(body);
  const json document = parse_json(body.empty() ? "{}" : body, "the request body");
  JsonObject object(document, "the request body");
  JobWish wish;
  if (kind == JobKind::gc) {
    wish = GcJob{.dry_run = object.boolean("dry_run", false)};
  } else {
    const auto rate = object.optional_integer("bytes_per_second", 0, kMaxRate).value_or(0);
    wish = ScrubJob{.bytes_per_second = static_cast<std::uint64_t>(rate), .go_on = object.boolean("continue", false)};
  }
  object.finish();
  return wish;
}

Jobs::~Jobs() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  for (Lane& lane : lanes_) {
    for (Task& task : lane.tasks) task.stop.request_stop();
    lane.thread.request_stop();
  }
  // The members' destructors join, without the lock that the threads may still want.
}

void Jobs::require_room(const Lane& lane, const JobWish& wish) const {
  if (stopping_) throw Error(Code::unavailable, "The server is stopping; start the job again afterwards");
  const JobKind kind = kind_of(wish);
  if (kind != JobKind::evidence && !lane.tasks.empty())
    throw Error(Code::already_exists, fmt::format("A {} runs already, job {}: wait for it or stop it", to_text(kind),
                                                  lane.tasks.front().id.text()));
  if (kind == JobKind::evidence && bench_ == nullptr)
    throw Error(Code::unavailable, "This server makes no evidence itself: leave out --on server");
  if (lane.tasks.size() > kMaxWaiting)
    throw Error(Code::unavailable, fmt::format("{} jobs wait already; ask again when some have ended", kMaxWaiting));
}

ServerJob Jobs::start(const Principal& caller, const JobWish& wish) {
  const JobKind kind = kind_of(wish);
  require_starter(caller, kind);
  ServerJob job{.id = new_id(services_.clock, services_.entropy),
                .kind = kind,
                .started_at = services_.clock.now(),
                .started_by = caller.name,
                .token = caller.id,
                .finished_at = {},
                .step = {},
                .unit = unit_of(kind),
                .result = {},
                .error = {}};
  const std::lock_guard lock(mutex_);
  Lane& lane = lanes_.at(wish.index());
  require_room(lane, wish);
  if (lane.tasks.empty()) job.status = JobStatus::running;
  jobs_.push_front(job);
  if (jobs_.size() > kMaxJobs) forget_oldest();
  lane.tasks.push_back({job.id, caller, wish, {}});
  if (!lane.thread.joinable())
    lane.thread = std::jthread([this, &lane](const std::stop_token& stop) { serve(stop, lane); });
  lane.arrived.notify_one();
  return job;
}

ServerJob Jobs::find(const Principal& caller, const Id& id) const {
  const std::lock_guard lock(mutex_);
  if (const ServerJob* job = look(id); job != nullptr && may_see(caller, *job)) return *job;
  throw Error(Code::not_found, fmt::format("There is no job {} that \"{}\" may see: the server keeps those since it "
                                           "started, the audit trail what they did",
                                           id.text(), caller.name));
}

std::vector<ServerJob> Jobs::list(const Principal& caller) const {
  std::vector<ServerJob> out;
  const std::lock_guard lock(mutex_);
  std::copy_if(jobs_.begin(), jobs_.end(), std::back_inserter(out),
               [&](const ServerJob& job) { return may_see(caller, job); });
  return out;
}

ServerJob Jobs::stop(const Principal& caller, const Id& id) {
  find(caller, id);
  const std::lock_guard lock(mutex_);
  for (Lane& lane : lanes_)
    for (Task& task : lane.tasks)
      if (task.id == id) task.stop.request_stop();  // one that waits ends when its turn comes
  return *look(id);
}

Jobs::Counts Jobs::counts(JobKind kind) const {
  const std::lock_guard lock(mutex_);
  const Lane& lane = lanes_.at(static_cast<std::size_t>(kind));
  Counts out = lane.ended;
  out.running = lane.tasks.empty() ? 0 : 1;
  out.waiting = lane.tasks.size() - out.running;
  return out;
}

// One that runs is not forgotten, however old it is.
void Jobs::forget_oldest() {
  const auto ended = std::find_if(jobs_.rbegin(), jobs_.rend(),
                                  [](const ServerJob& job) { return has_ended(job.status); });
  if (ended != jobs_.rend()) jobs_.erase(std::next(ended).base());
}

const ServerJob* Jobs::look(const Id& id) const {
  const auto found = std::find_if(jobs_.begin(), jobs_.end(), [&](const ServerJob& job) { return job.id == id; });
  return found == jobs_.end() ? nullptr : &*found;
}

ServerJob* Jobs::look(const Id& id) {
  return const_cast<ServerJob*>(std::as_const(*this).look(id));
}

template <class Change>
void Jobs::change(const Id& id, const Change& change) {
  const std::lock_guard lock(mutex_);
  if (ServerJob* job = look(id)) change(*job);
}

json Jobs::work(const Task& task, const GcJob& wish) {
  return collect_garbage(services_, task.caller,
                         {.dry_run = wish.dry_run,
                          .stop = [&task] { return task.stop.stop_requested(); },
                          .progress = [&](const std::string& step, std::uint64_t kept) {
                            change(task.id, [&](ServerJob& job) { job.step = step, job.done = kept; });
                          }});
}

json Jobs::work(const Task& task, const ScrubJob& wish) {
  return scrub_blobs(services_, task.caller,
                     {.bytes_per_second = wish.bytes_per_second,
                      .go_on = wish.go_on,
                      .stop = [&task] { return task.stop.stop_requested(); },
                      .progress = [&](std::uint64_t done, std::uint64_t total) {
                        change(task.id,
                               [&](ServerJob& job) { job.step = "scrub", job.done = done, job.total = total; });
                      }});
}

json Jobs::work(const Task& task, const AttestWish& wish) {
  ToldProgress progress([&](std::string_view step, std::uint64_t percent) {
    change(task.id, [&](ServerJob& job) { job.step = step, job.done = percent, job.total = 100; });
  });
  const CallOptions options{.seed = wish.seed,
                            .max_threads = 1,
                            .deadline = std::chrono::steady_clock::now() + kAttestDeadline,
                            .stop = task.stop.get_token()};
  return attest(services_, task.caller, wish, *bench_, options, progress);
}

json Jobs::work(const Task& task) {
  return std::visit([&](const auto& wish) { return work(task, wish); }, task.wish);
}

void Jobs::serve(const std::stop_token& stop, Lane& lane) {
  std::unique_lock lock(mutex_);
  while (lane.arrived.wait(lock, stop, [&lane] { return !lane.tasks.empty(); })) {
    const Task& task = lane.tasks.front();  // stays where it is while others arrive
    look(task.id)->status = JobStatus::running;
    lock.unlock();
    Outcome outcome = run(task);
    lock.lock();
    end(task, std::move(outcome));
    lane.tasks.pop_front();
    if (stop.stop_requested()) return;
  }
}

// On the thread of a lane, which nothing may leave.
Jobs::Outcome Jobs::run(const Task& task) {
  try {
    if (task.stop.stop_requested()) return {};
    return {work(task), {}};
  } catch (const Error& failure) {
    return {{}, failure};
  } catch (const std::exception& failure) {
    return {{}, Error(Code::internal, failure.what())};
  }
}

void Jobs::end(const Task& task, Outcome outcome) {
  const bool stopped = task.stop.stop_requested();
  ServerJob& job = *look(task.id);
  job.result = std::move(outcome.result);
  if (!stopped) job.error = std::move(outcome.error);
  job.status = stopped ? JobStatus::stopped : job.error ? JobStatus::failed : JobStatus::finished;
  job.finished_at = services_.clock.now();
  Counts& ended = lanes_.at(static_cast<std::size_t>(job.kind)).ended;
  ++(stopped ? ended.stopped : job.error ? ended.failed : ended.finished);
}

}  // namespace assay
