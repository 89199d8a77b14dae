// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/damage_list.h"

#include <array>
#include <cstring>
#include <string>

#include "storage/base/crc32c.h"
#include "storage/base/error.h"
#include "storage/base/little_endian.h"
#include "storage/blob/local_layout.h"
#include "storage/blob/new_pack.h"
#include "storage/blob/publish_list.h"

namespace assay {
namespace {

constexpr std::size_t kRow = 32;
constexpr std::size_t kSumAt = 28;

void append_row(std::vector<std::byte>& bytes, const DamagedRecord& record) {
  std::array<std::byte, kRow> row{};
  const auto id = pack_id_of(record.pack);
  std::memcpy(row.data(), id.data(), id.size());
  put_u64(row.data() + 16, record.offset);
  put_u32(row.data() + kSumAt, crc32c(std::span(row).first(kSumAt)));
  bytes.insert(bytes.end(), row.begin(), row.end());
}

std::string path_of_list(const std::string& name) {
  return std::string(layout::kDamaged) + "/" + name;
}

// None where nothing was ever found damaged.
std::vector<FileEntry> list_of_lists(const Files& files) {
  try {
    return files.list(layout::kDamaged);
  } catch (const Error& error) {
    if (error.code() != Code::not_found) throw;
    return {};
  }
}

// A crash may have left a row's beginning at the end.
void read_list(const File& file, DamageRows& out) {
  std::vector<std::byte> bytes(file.size());
  bytes.resize(file.read_at(0, bytes));
  for (std::span<const std::byte> rest = bytes; rest.size() >= kRow; rest = rest.subspan(kRow)) {
    if (crc32c(rest.first(kSumAt)) == get_u32(rest.data() + kSumAt))
      out.rows.insert({pack_name_of(rest.first<16>()), get_u64(rest.data() + 16)});
    else
      out.all_hold = false;
  }
}

}  // namespace

DamageRows read_damage_lists(const Files& files) {
  DamageRows out;
  for (const FileEntry& list : list_of_lists(files)) {
    if (list.kind != FileEntry::Kind::file) continue;
    ++out.lists;
    read_list(*files.open(path_of_list(list.name)), out);
  }
  return out;
}

void remove_damage_lists(Files& files, DurablePublisher& publisher) {
  const std::vector<FileEntry> lists = list_of_lists(files);
  if (lists.empty()) return;
  for (const FileEntry& list : lists) files.remove(path_of_list(list.name));
  publisher.sync_directory(layout::kDamaged);
}

void DamageList::load() {
  const DamageRows read = read_damage_lists(files_);
  index_.mark_damaged(read.rows);
  const std::vector<DamagedRecord> marked = index_.damaged();
  if (read.lists > 1 || !read.all_hold || marked.size() != read.rows.size()) rewrite();
  index_.on_damage([this](const DamagedRecord& record) { note(record); });
}

void DamageList::rewrite() {
  const std::lock_guard lock(mutex_);
  try {
    replace_lists(index_.damaged());
  } catch (const Error&) {
    // The old ones say at least as much; a row without its record is passed over.
  }
}

void DamageList::replace_lists(const std::vector<DamagedRecord>& rows) {
  file_.reset();
  const std::vector<FileEntry> old = list_of_lists(files_);
  std::vector<std::byte> bytes;
  for (const DamagedRecord& record : rows) append_row(bytes, record);
  if (!bytes.empty()) publish_list(files_, entropy_, publisher_, layout::kDamaged, bytes);
  for (const FileEntry& list : old) files_.remove(path_of_list(list.name));
  if (!old.empty()) publisher_.sync_directory(layout::kDamaged);
}

void DamageList::note(const DamagedRecord& record) {
  const std::lock_guard lock(mutex_);
  try {
    if (!file_) start_list();
    std::vector<std::byte> row;
    append_row(row, record);
    file_->append(row);
    publisher_.sync(*file_);
  } catch (const Error&) {
    file_.reset();  // it may end in the middle of a row
  }
}

void DamageList::start_list() {
  publisher_.ensure_writable();
  if (files_.make_directory(layout::kDamaged)) publisher_.sync_directory("");
  const std::string path = path_of_list(PackId(entropy_).text);
  auto file = files_.create(path);
  publisher_.sync_directory(layout::kDamaged);
  file_ = std::move(file);
}

}  // namespace assay
