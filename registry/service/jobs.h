// SPDX-License-Identifier: Apache-2.0
// Work of the server that takes longer than a request: each kind on a thread of its own, at most one at a
// time. Jobs are remembered until the server ends; what they did stands in the audit trail.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "registry/access/principal.h"
#include "registry/domain/id.h"
#include "registry/domain/time.h"
#include "registry/service/services.h"
#include "storage/base/error.h"

namespace assay {

enum class JobKind { gc, scrub };
enum class JobStatus { running, finished, failed, stopped };

std::string_view to_text(JobKind kind);
std::string_view to_text(JobStatus status);

struct ServerJob {
  Id id;
  JobKind kind = JobKind::gc;
  JobStatus status = JobStatus::running;
  Time started_at;
  std::string started_by;
  std::optional<Time> finished_at;
  std::string step;         // what it is at, for people; may be empty
  std::uint64_t done = 0;   // in `unit`
  std::uint64_t total = 0;  // 0: not known
  std::string unit;         // "blobs" or "bytes"
  nlohmann::json result;    // null until it ends; what it had done when it was stopped
  std::optional<Error> error;
};

// {"id","kind","status","started_at","started_by","finished_at","step","done","total","unit","result",
//  "error":{"code","message"}}
void to_json(nlohmann::json& json, const ServerJob& job);

// What a POST asks for: {"dry_run"} of a gc, {"bytes_per_second","continue"} of a scrub.
struct JobWish {
  JobKind kind = JobKind::gc;
  bool dry_run = false;
  std::uint64_t bytes_per_second = 0;
  bool go_on = false;
};

// Throws invalid_argument.
JobWish parse_job_wish(JobKind kind, std::string_view body);

// Any thread may call. All calls need `admin` everywhere and throw denied.
class Jobs {
 public:
  explicit Jobs(const Services& services) : services_(services) {}
  // Stops what runs and waits for it: between two packs of a collection, two records of a scrub.
  ~Jobs();
  Jobs(const Jobs&) = delete;
  Jobs& operator=(const Jobs&) = delete;

  // Returns at once. Throws already_exists, naming it, while a job of the kind runs, and unavailable when the
  // server is stopping.
  ServerJob start(const Principal& caller, const JobWish& wish);
  // Throws not_found.
  ServerJob find(const Principal& caller, const Id& id) const;
  // The newest first, at most kMaxJobs.
  std::vector<ServerJob> list(const Principal& caller) const;
  // Asks it to end early; what it did so far stays. One that has ended is left alone. Throws not_found.
  ServerJob stop(const Principal& caller, const Id& id);

 private:
  static constexpr std::size_t kMaxJobs = 100;  // remembered: more than anybody looks back

  struct Running {
    std::jthread thread;
    Id id;
  };

  void run(const std::stop_token& stop, const Principal& caller, const JobWish& wish, const Id& id);
  nlohmann::json work(const std::stop_token& stop, const Principal& caller, const JobWish& wish,
                      const Id& id);
  void forget_oldest();  // under the lock
  template <class Change>
  void change(const Id& id, const Change& change);
  const ServerJob* look(const Id& id) const;  // under the lock
  ServerJob* look(const Id& id);

  const Services services_;
  mutable std::mutex mutex_;
  std::deque<ServerJob> jobs_;  // the newest first
  bool stopping_ = false;
  std::array<std::optional<Running>, 2> running_;  // by kind; last, so that threads end before the rest does
};

}  // namespace assay
