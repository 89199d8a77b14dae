// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/new_pack.h"

#include <fmt/format.h>

#include "storage/base/error.h"
#include "storage/blob/local_layout.h"

namespace assay {

PackId::PackId(Entropy& entropy) {
  entropy.fill(bytes);
  for (const std::byte byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned>(byte));
}

NewPack::NewPack(Files& files, Entropy& entropy) : files_(files) {
  const PackId id(entropy);
  name_ = id.text;
  file_ = files_.create(layout::temp(name_));
  temp_ = layout::temp(name_);
  try {
    writer_ = std::make_unique<PackWriter>(*file_, id.bytes);
  } catch (...) {
    files_.remove(temp_);
    throw;
  }
}

NewPack::~NewPack() {
  if (temp_.empty()) return;
  file_.reset();
  try {
    files_.remove(temp_);
  } catch (...) {
    // It stays until the store is opened again, which sweeps it.
  }
}

std::shared_ptr<Pack> NewPack::publish(DurablePublisher& publisher) {
  auto pack = std::make_shared<Pack>();
  pack->name = name_;
  if (!publisher.publish(*file_, temp_, layout::sealed_pack(name_)))
    throw Error(Code::internal, "There is a pack " + name_ + " already, against all odds; try again");
  temp_.clear();
  pack->file = std::move(file_);
  pack->contents = writer_->contents();
  return pack;
}

}  // namespace assay
