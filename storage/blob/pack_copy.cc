// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/pack_copy.h"

#include "storage/base/error.h"

namespace assay {

NewPack& PackCopy::target() {
  if (!pack_) pack_ = std::make_unique<NewPack>(files_, entropy_);
  return *pack_;
}

bool PackCopy::add(const Pack& pack, const PackContents& contents,
                   const std::function<bool(const PackEntry&)>& wanted) {
  try {
    copy_records(*pack.file, contents, wanted, target());
    return true;
  } catch (const Error& error) {
    if (error.code() != Code::corrupt) throw;
    return false;
  }
}

std::shared_ptr<Pack> PackCopy::publish(PackIndex& index) {
  const std::unique_ptr<NewPack> whole = std::move(pack_);
  whole->seal();
  auto pack = whole->publish(publisher_);
  index.add(pack, PackIndex::Arrival::moved);
  return pack;
}

}  // namespace assay
