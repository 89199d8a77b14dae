// SPDX-License-Identifier: Apache-2.0
// Which records were found damaged, remembered over restarts (FORMAT.md, "Damage lists"): otherwise an upload would
// rely on one of them again, and a collection might keep it and let a sound copy go.
#pragma once

#include <memory>
#include <mutex>
#include <set>

#include "storage/blob/pack_index.h"
#include "storage/env/durable_publisher.h"
#include "storage/env/entropy.h"

namespace assay {

// What all lists say.
struct DamageRows {
  std::set<DamagedRecord> rows;
  std::size_t lists = 0;
  bool all_hold = true;  // else some do not match their sums and were passed over
};

// Throws as Files does.
DamageRows read_damage_lists(const Files& files);

// For who has read every record; durable on return.
void remove_damage_lists(Files& files, DurablePublisher& publisher);

// Any thread may call any method at any time. A list only spares finding damage again, so that none can be written is
// no reason to fail: it holds until the store is closed then.
class DamageList {
 public:
  // Of the packs in `index`.
  DamageList(Files& files, Entropy& entropy, DurablePublisher& publisher, PackIndex& index)
      : files_(files), entropy_(entropy), publisher_(publisher), index_(index) {}

  // Marks what the lists say in the index, which has its packs, and writes down what is marked from now on.
  void load();
  // What is marked now takes the place of what the lists say.
  void rewrite();

 private:
  void note(const DamagedRecord& record);
  void start_list();
  void replace_lists(const std::vector<DamagedRecord>& rows);

  Files& files_;
  Entropy& entropy_;
  DurablePublisher& publisher_;
  PackIndex& index_;
  std::mutex mutex_;  // guards the lists and file_
  std::unique_ptr<File> file_;  // the list that this process appends to
};

}  // namespace assay
