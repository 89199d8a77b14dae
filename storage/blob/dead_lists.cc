// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/dead_lists.h"

#include <set>
#include <string>

#include "storage/blob/local_layout.h"
#include "storage/blob/pack_loader.h"
#include "storage/blob/publish_list.h"

namespace assay {

void publish_dead_list(StoreParts& parts, const std::vector<DeadBlob>& rows) {
  if (rows.empty()) return;
  publish_list(parts.files, parts.entropy, parts.publisher, layout::kDead, encode_dead_list(rows));
}

void forget_dead_packs(StoreParts& parts) {
  const std::vector<FileEntry> lists = parts.files.list(layout::kDead);
  if (lists.empty()) return;
  // Not the index's packs: a file whose removal failed comes back when the store is opened.
  std::set<std::string> names;
  for (const PackFileName& pack : list_packs(parts.files)) names.insert(pack.name);
  const std::set<DeadBlob> rows = read_dead_lists(parts.files);
  std::vector<DeadBlob> kept;
  for (const DeadBlob& row : rows)
    if (names.contains(row.pack)) kept.push_back(row);
  if (lists.size() == 1 && kept.size() == rows.size()) return;
  parts.publisher.sync_directory(layout::kPacks);  // only what a power cut cannot bring back may be forgotten
  publish_dead_list(parts, kept);
  for (const FileEntry& list : lists) parts.files.remove(std::string(layout::kDead) + "/" + list.name);
  parts.publisher.sync_directory(layout::kDead);
}

}  // namespace assay
