// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/write_queue.h"

#include <sqlite3.h>

#include <algorithm>
#include <chrono>

#include "storage/base/error.h"

namespace assay {

WriteQueue::WriteQueue(Session& session, CatalogueMeter& meter, const SqliteOptions& options)
    : session_(session),
      meter_(meter),
      max_waiting_(options.max_waiting),
      max_group_(options.max_group),
      checkpoint_pages_(options.checkpoint_pages),
      thread_([this] { loop(); }) {}

WriteQueue::~WriteQueue() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void WriteQueue::run(const std::function<void(Transaction&)>& fn) {
  if (std::this_thread::get_id() == thread_.get_id())
    throw Error(Code::internal, "A write of the catalogue was started inside another one");
  Job job{&fn};
  std::unique_lock lock(mutex_);
  if (waiting_.size() >= max_waiting_) {
    ++meter_.writes_refused;
    throw Error(Code::unavailable, "Too many changes wait for the catalogue; try again in a moment");
  }
  waiting_.push_back(&job);
  ++meter_.writes_waiting;
  wake_.notify_one();
  finished_.wait(lock, [&] { return job.done; });
  --meter_.writes_waiting;
  if (job.failure) std::rethrow_exception(job.failure);
}

void WriteQueue::loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const auto count = static_cast<std::ptrdiff_t>(std::min(waiting_.size(), max_group_));
    std::vector<Job*> group(waiting_.begin(), waiting_.begin() + count);
    waiting_.erase(waiting_.begin(), waiting_.begin() + count);
    lock.unlock();
    run_group(group);
    lock.lock();
    for (Job* job : group) job->done = true;
    finished_.notify_all();
    if (meter_.disk_failed || session_.log_pages() < checkpoint_pages_) continue;
    lock.unlock();
    checkpoint();
    lock.lock();
  }
}

void WriteQueue::run_group(std::vector<Job*> group) {
  std::exception_ptr broken;  // fails every job that would otherwise have succeeded
  try {
    if (meter_.disk_failed)
      throw Error(Code::unavailable,
                  "The disk failed under the catalogue: nothing is written until the server is "
                  "restarted; check the disk first");
    session_.step("BEGIN IMMEDIATE");
    for (Job* job : group) {
      run_job(*job);
      // Some failures, a full disk above all, take the whole transaction back, earlier jobs included.
      if (sqlite3_get_autocommit(session_.handle()) != 0) {
        broken = job->failure;
        break;
      }
    }
    if (!broken) broken = commit();
    if (!broken) meter_.commit_writes.add(static_cast<double>(group.size()));
  } catch (...) {
    broken = std::current_exception();
    session_.roll_back();
  }
  if (session_.sync_failed()) give_up();
  if (!broken) return;
  for (Job* job : group)
    if (!job->failure) job->failure = broken;
}

void WriteQueue::run_job(Job& job) {
  session_.step("SAVEPOINT job");
  try {
    Transaction transaction(session_);
    (*job.fn)(transaction);
  } catch (...) {
    job.failure = std::current_exception();
    if (sqlite3_get_autocommit(session_.handle()) != 0) return;
    session_.step("ROLLBACK TO job");
  }
  session_.step("RELEASE job");
}

std::exception_ptr WriteQueue::commit() {
  const auto start = std::chrono::steady_clock::now();
  const int status = sqlite3_exec(session_.handle(), "COMMIT", nullptr, nullptr, nullptr);
  meter_.commit_seconds.add(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  if (status == SQLITE_OK) {
    ++commits_;
    return nullptr;
  }
  const auto failure = std::make_exception_ptr(session_.error("Committing to the catalogue", status));
  if (session_.is_disk_failure(status)) give_up();
  session_.roll_back();
  return failure;
}

// What was committed is durable in the log, so nobody waits for this or hears of it. Readers may keep some of the log
// from being moved: the next one moves it.
void WriteQueue::checkpoint() {
  const int status =
      sqlite3_wal_checkpoint_v2(session_.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (session_.is_disk_failure(status)) give_up();
}

void WriteQueue::give_up() {
  meter_.disk_failed = true;
  session_.keep_log();
}

}  // namespace assay
