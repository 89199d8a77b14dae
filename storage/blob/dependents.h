// SPDX-License-Identifier: Apache-2.0
// Which packs may go although it is not written down yet what is dead: on a full disk there is no room for that before
// one of them is gone.
#pragma once

#include <set>
#include <string>
#include <utility>

#include "storage/blob/store_parts.h"

namespace assay {

// Of a pack, without it: whether each dead description that no list names, and that needs one of its records, lies in the
// pack itself. Then removing the pack leaves no blob that would come back without its bytes when the store is opened.
class Dependents {
 public:
  // Reads all dead descriptions that are not in `written`, and their pages. Throws unavailable when the disk failed.
  Dependents(StoreParts& parts, const std::set<DeadBlob>& written);

  bool has_others(const Pack& pack) const { return needed_elsewhere_.contains(pack.name); }

 private:
  void add(const std::shared_ptr<Pack>& holder, const PackEntry& description, const PackContents& contents);
  void add_page(const Digest& page);
  void add_record(RecordKind kind, const Digest& id, unsigned depth);

  StoreParts& parts_;
  std::string holder_;                            // the pack whose descriptions are being read
  std::set<std::pair<RecordKind, Digest>> seen_;  // what those need
  std::set<std::string> needed_elsewhere_;        // packs with records that another pack's descriptions need
};

}  // namespace assay
