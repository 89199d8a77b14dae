// SPDX-License-Identifier: Apache-2.0
#include "registry/service/jobs.h"

#include <fmt/format.h>

#include <algorithm>

#include "registry/domain/json_reader.h"
#include "registry/domain/words.h"
#include "registry/service/collect_garbage.h"
#include "registry/service/scrub_blobs.h"
#include "storage/env/clock.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr Words<JobKind, 2> kKinds = {{{JobKind::gc, "gc"}, {JobKind::scrub, "scrub"}}};
constexpr Words<JobStatus, 4> kStatuses = {{{JobStatus::running, "running"},
                                            {JobStatus::finished, "finished"},
                                            {JobStatus::failed, "failed"},
                                            {JobStatus::stopped, "stopped"}}};

constexpr std::int64_t kMaxRate = std::int64_t{1} << 40;  // no disk is faster

}  // namespace

std::string_view to_text(JobKind kind) {
  return spell(kKinds, kind);
}
std::string_view to_text(JobStatus status) {
  return spell(kStatuses, status);
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
  const json document = parse_json(body.empty() ? "{}" : body, "the request body");
  JsonObject object(document, "the request body");
  JobWish wish;
  wish.kind = kind;
  if (kind == JobKind::gc) {
    wish.dry_run = object.boolean("dry_run", false);
  } else {
    wish.bytes_per_second =
        static_cast<std::uint64_t>(object.optional_integer("bytes_per_second", 0, kMaxRate).value_or(0));
    wish.go_on = object.boolean("continue", false);
  }
  object.finish();
  return wish;
}

Jobs::~Jobs() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  for (auto& slot : running_)
    if (slot) slot->thread.request_stop();
  // The members' destructors join, without the lock that the threads may still want.
}

ServerJob Jobs::start(const Principal& caller, const JobWish& wish) {
  require_everywhere(caller, Permission::admin);
  ServerJob job{.id = new_id(services_.clock, services_.entropy),
          .kind = wish.kind,
          .started_at = services_.clock.now(),
          .started_by = caller.name,
          .finished_at = {},
          .step = {},
          .unit = wish.kind == JobKind::gc ? "blobs" : "bytes",
          .result = {},
          .error = {}};
  std::optional<Running> ended;  // joined after the lock is gone
  const std::lock_guard lock(mutex_);
  if (stopping_) throw Error(Code::unavailable, "The server is stopping; start the job again afterwards");
  auto& slot = running_.at(static_cast<std::size_t>(wish.kind));
  if (slot)
    if (const ServerJob* before = look(slot->id); before != nullptr && before->status == JobStatus::running)
      throw Error(Code::already_exists, fmt::format("A {} runs already, job {}: wait for it or stop it",
                                                    to_text(wish.kind), slot->id.text()));
  ended = std::move(slot);
  slot.reset();
  jobs_.push_front(job);
  if (jobs_.size() > kMaxJobs) forget_oldest();
  slot.emplace(Running{std::jthread([this, caller, wish, id = job.id](const std::stop_token& stop) {
                         run(stop, caller, wish, id);
                       }),
                       job.id});
  return job;
}

ServerJob Jobs::find(const Principal& caller, const Id& id) const {
  require_everywhere(caller, Permission::admin);
  const std::lock_guard lock(mutex_);
  if (const ServerJob* job = look(id)) return *job;
  throw Error(Code::not_found, fmt::format("There is no job {}: the server keeps those since it started, the "
                                           "audit trail what they did",
                                           id.text()));
}

std::vector<ServerJob> Jobs::list(const Principal& caller) const {
  require_everywhere(caller, Permission::admin);
  const std::lock_guard lock(mutex_);
  return {jobs_.begin(), jobs_.end()};
}

ServerJob Jobs::stop(const Principal& caller, const Id& id) {
  ServerJob job = find(caller, id);
  const std::lock_guard lock(mutex_);
  for (auto& slot : running_)
    if (slot && slot->id == id) slot->thread.request_stop();
  return job;
}

// One that runs is not forgotten, however old it is.
void Jobs::forget_oldest() {
  const auto ended = std::find_if(jobs_.rbegin(), jobs_.rend(),
                                  [](const ServerJob& job) { return job.status != JobStatus::running; });
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

json Jobs::work(const std::stop_token& stop, const Principal& caller, const JobWish& wish, const Id& id) {
  const auto stopped = [&stop] { return stop.stop_requested(); };
  if (wish.kind == JobKind::gc)
    return collect_garbage(services_, caller,
                           {.dry_run = wish.dry_run,
                            .stop = stopped,
                            .progress = [&](const std::string& step, std::uint64_t kept) {
                              change(id, [&](ServerJob& job) { job.step = step, job.done = kept; });
                            }});
  return scrub_blobs(services_, caller,
                     {.bytes_per_second = wish.bytes_per_second,
                      .go_on = wish.go_on,
                      .stop = stopped,
                      .progress = [&](std::uint64_t done, std::uint64_t total) {
                        change(id, [&](ServerJob& job) { job.step = "scrub", job.done = done, job.total = total; });
                      }});
}

// The thread's entry: nothing may leave it.
void Jobs::run(const std::stop_token& stop, const Principal& caller, const JobWish& wish, const Id& id) {
  json result;
  std::optional<Error> error;
  try {
    result = work(stop, caller, wish, id);
  } catch (const Error& failure) {
    error = failure;
  } catch (const std::exception& failure) {
    error = Error(Code::internal, failure.what());
  }
  const bool stopped = stop.stop_requested();
  change(id, [&](ServerJob& job) {
    job.result = std::move(result);
    if (!stopped) job.error = error;
    job.status = stopped ? JobStatus::stopped : error ? JobStatus::failed : JobStatus::finished;
    job.finished_at = services_.clock.now();
  });
}

}  // namespace assay
