// SPDX-License-Identifier: Apache-2.0
// Work of the server that takes longer than a request: each kind on a thread of its own, one at a time. Jobs are
// remembered until the server ends; what they did stands in the audit trail, or as evidence.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "registry/access/principal.h"
#include "registry/domain/id.h"
#include "registry/domain/time.h"
#include "registry/service/attest.h"
#include "registry/service/services.h"
#include "storage/base/error.h"

namespace assay {

enum class JobKind { gc, scrub, evidence };
enum class JobStatus { waiting, running, finished, failed, stopped };

std::string_view to_text(JobKind kind);
std::string_view to_text(JobStatus status);

struct ServerJob {
  Id id;
  JobKind kind = JobKind::gc;
  JobStatus status = JobStatus::waiting;
  Time started_at;
  std::string started_by;
  Id token;  // that started it
  std::optional<Time> finished_at;
  std::string step;         // what it is at, for people; may be empty
  std::uint64_t done = 0;   // in `unit`
  std::uint64_t total = 0;  // 0: not known
  std::string unit;         // "blobs", "bytes" or "percent"
  nlohmann::json result;    // null until it ends; what it had done when it was stopped
  std::optional<Error> error;
};

// {"id","kind","status","started_at","started_by","finished_at","step","done","total","unit","result",
//  "error":{"code","message"}}
void to_json(nlohmann::json& json, const ServerJob& job);

struct GcJob {
  bool dry_run = false;
};
struct ScrubJob {
  std::uint64_t bytes_per_second = 0;  // 0: as fast as it goes
  bool go_on = false;
};
using JobWish = std::variant<GcJob, ScrubJob, AttestWish>;  // in the order of JobKind

// What a POST asks for: {"dry_run"} of a gc, {"bytes_per_second","continue"} of a scrub, of evidence as
// parse_attest_wish reads it. Throws invalid_argument.
JobWish parse_job_wish(JobKind kind, std::string_view body);

// Any thread may call. Evidence needs `evaluate` somewhere, everything else `admin` everywhere; jobs are shown to who
// started them and to such an admin. All throw denied.
class Jobs {
 public:
  static constexpr std::size_t kMaxWaiting = 64;  // evidence that waits its turn: an hour or so of work

  // `bench` may be null: then evidence is not made here.
  explicit Jobs(const Services& services, ServerBench* bench = nullptr) : services_(services), bench_(bench) {}
  // Stops what runs and waits for it: between two packs of a collection, two records of a scrub, two answers of a
  // plugin.
  ~Jobs();
  Jobs(const Jobs&) = delete;
  Jobs& operator=(const Jobs&) = delete;

  // Returns at once. Throws already_exists, naming it, while a collection or a scrub runs and another is asked for;
  // unavailable when too much evidence waits already, none is made here, or the server is stopping.
  ServerJob start(const Principal& caller, const JobWish& wish);
  // Throws not_found.
  ServerJob find(const Principal& caller, const Id& id) const;
  // The newest first, at most kMaxJobs.
  std::vector<ServerJob> list(const Principal& caller) const;
  // Asks it to end early; what it did so far stays. One that has ended is left alone. Throws not_found.
  ServerJob stop(const Principal& caller, const Id& id);

  // How many there are of a kind, whoever asks: for the server's own figures.
  struct Counts {
    std::size_t waiting = 0, running = 0;
    std::uint64_t finished = 0, failed = 0, stopped = 0;  // since the server started
  };
  Counts counts(JobKind kind) const;

 private:
  static constexpr std::size_t kMaxJobs = 100;  // remembered: more than anybody looks back

  struct Task {
    Id id;
    Principal caller;
    JobWish wish;
    std::stop_source stop;
  };
  struct Outcome {
    nlohmann::json result;
    std::optional<Error> error;
  };
  // The tasks of one kind, the first of which runs.
  struct Lane {
    std::deque<Task> tasks;
    std::condition_variable_any arrived;
    Counts ended = {};
    std::jthread thread;  // from the first task on; last, so that it ends before the rest does
  };

  void require_room(const Lane& lane, const JobWish& wish) const;  // under the lock
  void serve(const std::stop_token& stop, Lane& lane);
  Outcome run(const Task& task);
  void end(const Task& task, Outcome outcome);  // under the lock
  nlohmann::json work(const Task& task);
  nlohmann::json work(const Task& task, const GcJob& wish);
  nlohmann::json work(const Task& task, const ScrubJob& wish);
  nlohmann::json work(const Task& task, const AttestWish& wish);
  void forget_oldest();  // under the lock
  template <class Change>
  void change(const Id& id, const Change& change);
  const ServerJob* look(const Id& id) const;  // under the lock
  ServerJob* look(const Id& id);

  const Services services_;
  ServerBench* const bench_;
  mutable std::mutex mutex_;
  std::deque<ServerJob> jobs_;  // the newest first
  bool stopping_ = false;
  std::array<Lane, std::variant_size_v<JobWish>> lanes_;  // last, so that the threads end before the rest does
};

}  // namespace assay
