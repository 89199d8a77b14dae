// SPDX-License-Identifier: Apache-2.0
// The one writer: a thread that runs closures in turn and commits those that came together as one durable
// group. A commit costs a disk sync; sharing it is what makes many small writes fast.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "registry/catalog/catalogue_meter.h"
#include "registry/catalog/sqlite_database.h"
#include "registry/catalog/sqlite_session.h"

namespace assay {

class WriteQueue {
 public:
  // Borrows session and meter; alone uses the session from now on.
  WriteQueue(Session& session, CatalogueMeter& meter, const SqliteOptions& options);
  // Finishes what is queued.
  ~WriteQueue();

  // Runs `fn` in a savepoint of its own and returns after the commit that holds it. Throws what `fn` throws,
  // and then nothing of it is kept; or, with nothing kept either, why the commit failed. Throws unavailable
  // when too many wait and, for good, after the disk failed under a commit, a checkpoint or any sync: what such a disk
  // holds is only known after a restart, which may find what was queued at that moment.
  void run(const std::function<void(Transaction&)>& fn);

  // How many commits have succeeded; raised before those who wait for one learn of it.
  std::uint64_t commits() const { return commits_; }

 private:
  struct Job {
    const std::function<void(Transaction&)>* fn = nullptr;
    bool done = false;
    std::exception_ptr failure = nullptr;
  };

  void loop();
  void run_group(std::vector<Job*> group);
  void run_job(Job& job);
  std::exception_ptr commit();
  void checkpoint();
  void give_up();

  Session& session_;
  CatalogueMeter& meter_;
  const std::size_t max_waiting_, max_group_, checkpoint_pages_;
  std::mutex mutex_;
  std::condition_variable wake_, finished_;
  std::deque<Job*> waiting_;
  bool stopping_ = false;
  std::atomic<std::uint64_t> commits_ = 0;
  std::thread thread_;
};

}  // namespace assay
