// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/repair.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>
#include <unordered_map>

#include "storage/base/error.h"
#include "storage/blob/check_record.h"
#include "storage/blob/damage_list.h"
#include "storage/blob/local_layout.h"
#include "storage/blob/pack_copy.h"
#include "storage/blob/pack_loader.h"
#include "storage/env/durable_publisher.h"

namespace assay {
namespace {

struct Patient {
  PackFileName name;
  std::shared_ptr<Pack> pack;
  std::string what;  // is wrong with it; empty when nothing is
};

bool same_records(const PackContents& one, const PackContents& other) {
  const auto keys = [](const PackContents& contents) {
    std::vector<std::tuple<std::uint64_t, Digest, RecordKind>> out;
    for (const PackEntry& entry : contents.entries) out.emplace_back(entry.offset, entry.id, entry.kind);
    std::sort(out.begin(), out.end());
    return out;
  };
  return keys(one) == keys(other) && one.blobs.size() == other.blobs.size();
}

class Repair {
 public:
  Repair(Files& files, Entropy& entropy, RebuildIndex rebuild)
      : files_(files), entropy_(entropy), rebuild_(rebuild), publisher_(files), source_(index_) {}

  RepairReport run() {
    files_.list(layout::kPacks);  // not_found when this is no store
    read_dead_lists();
    for (const PackFileName& name : list_packs(files_)) load(name);
    for (Patient& patient : patients_) examine(patient);
    for (const Patient& patient : patients_)
      if (!patient.what.empty()) treat(patient);
    remove_damage_lists(files_, publisher_);  // no record is left that is damaged
    return std::move(report_);
  }

 private:
  // A list that does not read keeps the store from opening. Without it some dead descriptions come back,
  // which the next collection removes again.
  void read_dead_lists() {
    std::vector<FileEntry> lists;
    try {
      lists = files_.list(layout::kDead);
    } catch (const Error& error) {
      if (error.code() != Code::not_found) throw;
    }
    for (const FileEntry& list : lists) {
      const std::string path = std::string(layout::kDead) + "/" + list.name;
      try {
        const auto file = files_.open(path);
        std::vector<std::byte> bytes(file->size());
        bytes.resize(file->read_at(0, bytes));
        for (DeadBlob& row : decode_dead_list(bytes)) dead_.insert(std::move(row));
      } catch (const Error& error) {
        if (error.code() != Code::corrupt) throw;
        put_aside(path, layout::kDead, {path, {}, error.message()});
      }
    }
  }

  void load(const PackFileName& name) {
    ++report_.packs;
    Patient patient{name, load_pack(files_, name, dead_).pack, ""};
    // Opening the store makes a sealed pack of what is whole in an open one.
    if (name.sealed) patient.what = patient.pack->trouble;
    if (patient.what.empty() && name.sealed && rebuild_ == RebuildIndex::everywhere)
      patient.what = compare_footer(*patient.pack);
    if (!patient.what.empty()) patient.pack->contents = salvage(*patient.pack);
    index_.add(patient.pack, PackIndex::Arrival::moved);
    patients_.push_back(std::move(patient));
  }

  std::string compare_footer(const Pack& pack) {
    std::uint64_t end = 0;
    const PackContents said = read_footer(*pack.file);
    if (same_records(said, scan_records(*pack.file, end))) return "";
    return "its footer does not list the records that are there";
  }

  // Every whole record, also behind one that is not.
  PackContents salvage(const Pack& pack) {
    std::uint64_t end = 0;
    PackContents contents = salvage_records(*pack.file, end);
    const auto is_dead = [&](const Digest& blob) { return dead_.contains({pack.name, blob}); };
    std::erase_if(contents.blobs, [&](const PackBlob& blob) { return is_dead(blob.digest); });
    for (PackEntry& entry : contents.entries)
      if (entry.kind == RecordKind::blob && is_dead(entry.id)) entry.dead = true;
    return contents;
  }

  // Reads all records; those that are damaged are marked, so that treating the pack leaves them out.
  void examine(Patient& patient) {
    if (!patient.name.sealed) return;
    const PackContents contents = index_.contents(patient.pack);
    std::vector<std::byte> raw;
    for (const PackEntry& entry : contents.entries) {
      ++report_.records;
      if (entry.dead) continue;
      const auto bases = contents.bases_of(entry);
      const Found found{patient.pack, entry, {bases.begin(), bases.end()}};
      const RecordCheck check = check_record(index_, source_, found, raw);
      if (check.state != RecordState::damaged) continue;
      index_.mark_damaged(found);
      ++lost_[patient.pack->name];
      if (patient.what.empty())
        patient.what = fmt::format("its record at {} is damaged: {}", entry.offset, check.what);
    }
  }

  // The copy is durable before the original leaves its place; both at once are only duplicates.
  void treat(const Patient& patient) {
    const std::string path = path_of(patient.name);
    RepairedFile file{path, {}, patient.what};
    PackCopy copy(files_, entropy_, publisher_);
    const PackContents contents = index_.contents(patient.pack);
    const auto sound = [](const PackEntry& entry) { return !entry.damaged && !entry.dead; };
    if (!copy.add(*patient.pack, contents, sound))
      throw Error(Code::unavailable,
                  "Reading " + path + " gave other bytes than a moment ago: is the disk failing?");
    file.saved =
        static_cast<std::uint64_t>(std::count_if(contents.entries.begin(), contents.entries.end(), sound));
    file.lost = lost_[patient.pack->name];
    if (!copy.empty()) copy.publish(index_);
    index_.remove(patient.pack);
    put_aside(path, layout::kPacks, std::move(file));
  }

  void put_aside(const std::string& path, std::string_view folder, RepairedFile file) {
    if (files_.make_directory(layout::kQuarantine)) publisher_.sync_directory("");
    const std::string name = path.substr(path.rfind('/') + 1);
    file.quarantined = std::string(layout::kQuarantine) + "/" + name;
    for (int n = 2; !files_.rename_new(path, file.quarantined); ++n)
      file.quarantined = fmt::format("{}/{}.{}", layout::kQuarantine, name, n);
    publisher_.sync_directory(layout::kQuarantine);
    publisher_.sync_directory(folder);
    report_.files.push_back(std::move(file));
  }

  Files& files_;
  Entropy& entropy_;
  const RebuildIndex rebuild_;
  DurablePublisher publisher_;
  PackIndex index_;
  ChunkSource source_;
  std::set<DeadBlob> dead_;
  std::vector<Patient> patients_;
  std::unordered_map<std::string, std::uint64_t> lost_;  // by pack
  RepairReport report_;
};

}  // namespace

RepairReport repair(Files& files, Entropy& entropy, RebuildIndex rebuild) {
  return Repair(files, entropy, rebuild).run();
}

}  // namespace assay
