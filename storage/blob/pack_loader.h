// SPDX-License-Identifier: Apache-2.0
// Reads what the packs in a store's directory hold, changing nothing: for opening a store and for checking
// one.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "storage/blob/pack_index.h"

namespace assay {

struct PackFileName {
  std::string name;  // of the pack
  bool sealed;
};

// The packs that are there, by ascending name. Other files are passed over.
std::vector<PackFileName> list_packs(const Files& files);

// Where a pack lies.
std::string path_of(const PackFileName& pack);

// What all dead lists say. Throws corrupt or unsupported, naming the file.
std::set<DeadBlob> read_dead_lists(const Files& files);

struct LoadedPack {
  std::shared_ptr<Pack> pack;
  // Blobs that an open pack describes behind something that is not whole: a crash may have left that, and
  // kept the description of a blob but not its chunks, or the disk has lost some bytes of a blob that is
  // needed. They are in the contents as dead: who opens the pack finds out which of them are complete.
  std::vector<PackBlob> doubtful;
};

// What is wrong with the header or footer of a sealed pack, a bare clause; empty when they are sound.
std::string trouble_of(const File& file, std::string_view name);

// Descriptions in `dead` are passed over. Whatever the file holds, what can be read of it is: of a sealed pack whose
// footer does not hold, the records that are whole. Throws as Files does.
LoadedPack load_pack(const Files& files, const PackFileName& name, const std::set<DeadBlob>& dead);

}  // namespace assay
