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
  std::uint64_t records_end;  // of an open pack: where whole records end
  // What is wrong with the footer of a sealed one, so that its records were read instead, or with the id in
  // its header; empty when it is sound.
  std::string trouble;
};

// Descriptions in `dead` are passed over. Throws corrupt when it does not even begin as a pack, unsupported
// for a later version, naming the file, else as Files does.
LoadedPack load_pack(const Files& files, const PackFileName& name, const std::set<DeadBlob>& dead);

}  // namespace assay
