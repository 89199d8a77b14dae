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
  // What is wrong with the footer of a sealed one, so that its records were read instead, or with the id in
  // its header; empty when it is sound.
  std::string trouble;
};

// Descriptions in `dead` are passed over. Throws corrupt when a sealed one does not even begin as a pack,
// unsupported for a later version, naming the file, else as Files does.
LoadedPack load_pack(const Files& files, const PackFileName& name, const std::set<DeadBlob>& dead);

}  // namespace assay
