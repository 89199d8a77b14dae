// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/new_pack.h"

#include <fmt/format.h>

#include <unordered_map>

#include "storage/base/error.h"
#include "storage/base/limits.h"
#include "storage/blob/local_layout.h"

namespace assay {

PackId::PackId(Entropy& entropy) {
  entropy.fill(bytes);
  text = pack_name_of(bytes);
}

std::string pack_name_of(std::span<const std::byte, 16> id) {
  std::string name;
  for (const std::byte byte : id) name += fmt::format("{:02x}", static_cast<unsigned>(byte));
  return name;
}

std::array<std::byte, 16> pack_id_of(const std::string& name) {
  std::array<std::byte, 16> id;
  for (std::size_t i = 0; i < id.size(); ++i)
    id[i] = static_cast<std::byte>(std::stoul(name.substr(2 * i, 2), nullptr, 16));
  return id;
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

void copy_records(const File& file, const PackContents& contents,
                  const std::function<bool(const PackEntry&)>& wanted, NewPack& target) {
  std::unordered_map<Digest, const PackBlob*> blobs;
  for (const PackBlob& blob : contents.blobs) blobs.emplace(blob.digest, &blob);
  RecordBatch batch;
  std::vector<std::byte> buffer;
  for (const PackEntry& entry : contents.entries) {
    const bool is_blob = entry.kind == RecordKind::blob;
    if (!wanted(entry) || (is_blob && !blobs.contains(entry.id))) continue;
    const auto bases = contents.bases_of(entry);
    const auto stored = read_record(file, entry, bases, buffer);
    if (is_blob) {
      batch.add_blob(*blobs.at(entry.id), stored);
    } else {
      batch.add({.kind = entry.kind,
                 .codec = entry.codec,
                 .element = entry.element,
                 .depth = entry.depth,
                 .raw_length = entry.raw_length,
                 .id = entry.id,
                 .bases = {bases.begin(), bases.end()}},
                stored);
    }
    if (batch.bytes.size() < kSharedUpload) continue;
    target.append(batch);
    batch = {};
  }
  target.append(batch);
}

}  // namespace assay
