// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/shared_pack.h"

#include <utility>

#include "storage/base/error.h"
#include "storage/blob/local_layout.h"
#include "storage/blob/new_pack.h"

namespace assay {

// Whoever finds nobody writing writes for all who wait.
void SharedPack::commit(std::span<const RecordBatch> records) {
  Waiting mine{records};
  std::unique_lock lock(mutex_);
  queue_.push_back(&mine);
  while (!mine.done) {
    if (writing_) {
      mine.changed.wait(lock);
      continue;
    }
    writing_ = true;
    const std::vector<Waiting*> group = std::exchange(queue_, {});
    lock.unlock();
    std::exception_ptr failure;
    try {
      write(group);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    for (Waiting* waiting : group) {
      waiting->failure = failure;
      waiting->done = true;
      waiting->changed.notify_one();
    }
    stop_writing();
  }
  if (mine.failure) std::rethrow_exception(mine.failure);
}

// After a failure the pack may end in the middle of a record, so nothing is appended to it any more: what was
// committed before stays readable, and opening the store again keeps that much of it.
void SharedPack::write(const std::vector<Waiting*>& group) {
  publisher_.ensure_writable();
  std::vector<std::uint64_t> shifts;
  try {
    if (!pack_) start_pack();
    for (const Waiting* waiting : group)
      for (const RecordBatch& batch : waiting->records) {
        shifts.push_back(writer_->size());
        writer_->append(batch);
      }
    publisher_.sync(*pack_->file);
  } catch (...) {
    writer_.reset();
    pack_.reset();
    throw;
  }
  // The description is in an upload's last batch, so that all it needs can be found before it can.
  auto shift = shifts.begin();
  for (const Waiting* waiting : group)
    for (const RecordBatch& batch : waiting->records)
      index_.extend(pack_, batch.contents, *shift++, PackIndex::Arrival::uploaded);
  if (writer_->size() >= full_) seal_pack();
}

void SharedPack::close() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !writing_; });
  if (!pack_) return;
  writing_ = true;
  lock.unlock();
  seal_pack();
  lock.lock();
  stop_writing();
}

// Wakes one of those who wait to write, not all: the others' turn comes with its group. The mutex is held.
void SharedPack::stop_writing() {
  writing_ = false;
  if (!queue_.empty()) queue_.front()->changed.notify_one();
  changed_.notify_all();
}

void SharedPack::start_pack() {
  const PackId id(entropy_);
  auto pack = std::make_shared<Pack>();
  pack->name = id.text;
  pack->sealed = false;
  pack->file = files_.create(layout::open_pack(pack->name));
  try {
    writer_ = std::make_unique<PackWriter>(*pack->file, id.bytes);
    publisher_.sync_directory(layout::kPacks);
  } catch (...) {
    try {
      files_.remove(layout::open_pack(pack->name));
    } catch (const Error&) {
      // An empty one is removed when the store is opened again.
    }
    throw;
  }
  index_.add(pack, PackIndex::Arrival::uploaded);
  pack_ = std::move(pack);
}

// Nobody's upload fails because of this: a pack that could not be closed is like one that a crash left open.
void SharedPack::seal_pack() {
  try {
    writer_->seal();
    if (publisher_.publish(*pack_->file, layout::open_pack(pack_->name), layout::sealed_pack(pack_->name)))
      pack_->sealed = true;
  } catch (const Error&) {
  }
  writer_.reset();
  pack_.reset();
}

}  // namespace assay
