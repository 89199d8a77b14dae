// SPDX-License-Identifier: Apache-2.0
#include "registry/daemon/backup.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "registry/access/admin_token.h"
#include "registry/catalog/copy_catalogue.h"
#include "registry/catalog/sqlite_database.h"
#include "registry/daemon/copy_file.h"
#include "registry/daemon/guarded_maintenance.h"
#include "registry/domain/file_path.h"
#include "registry/domain/json_reader.h"
#include "registry/service/checkpoint_keeper.h"
#include "registry/service/vitals.h"
#include "storage/base/error.h"
#include "storage/blob/store_files.h"
#include "storage/env/clock.h"
#include "storage/env/entropy.h"
#include "storage/env/file_lock.h"
#include "storage/env/private_file.h"

namespace assay::daemon {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kListName = "backup.json";
constexpr const char* kBlobs = "blobs";
constexpr std::size_t kMaxListBytes = 256 << 20;  // of a million packs
constexpr std::size_t kMaxFiles = 1 << 20;        // packs of 256 MiB: more than any disk holds

// One run of back_up: what is there already, and what this run puts into the list.
class BackupRun {
 public:
  BackupRun(const fs::path& data_dir, const fs::path& to, const BackupProgress& progress)
      : data_(data_dir), to_(to), progress_(progress) {
    if (fs::exists(to_ / kListName))
      for (const BackupFile& file : read_backup(to_).files) before_.emplace(file.path, file);
    else if (holds_something_else())
      throw Error(Code::already_exists,
                  to_.string() + " holds something that is no backup: name an empty or a new directory");
    next_.created_at = SystemClock().now();
    next_.catalogue = fmt::format("catalog-{}.db", to_milliseconds(next_.created_at));
  }

  BackupReport run() {
    // A directory that is there already is its owner's business.
    if (fs::create_directories(to_)) fs::permissions(to_, fs::perms::owner_all);
    // From here on no collection takes away what the catalogue's copy names.
    const auto lock = FileLock::try_take(data_ / kCollectionLock, FileLock::Mode::shared);
    if (!lock)
      throw Error(Code::unavailable, "A garbage collection runs in " + data_.string() +
                                         "; start the backup again when it has ended");
    copy_catalog();
    copy_audit_key();
    copy_blobs();
    write_list();
    remove_unlisted();
    write_private_file(data_ / kBackupTimeFile, format_time(next_.created_at) + '\n');
    return report_;
  }

 private:
  void copy_catalog() {
    fs::remove(to_ / next_.catalogue);
    copy_catalogue(data_ / "catalog.db", to_ / next_.catalogue);
    const std::uint64_t size = fs::file_size(to_ / next_.catalogue);
    total_ += size;
    list({next_.catalogue, size, digest_file(to_ / next_.catalogue, size)}, true);
    tell(size);
  }

  // So that what a restored registry signs continues what this one has signed.
  void copy_audit_key() {
    const fs::path key = data_ / kAuditKeyFile;
    if (!fs::exists(key)) return;
    const std::uint64_t size = fs::file_size(key);
    total_ += size;
    list({kAuditKeyFile, size, copy_file(key, to_ / kAuditKeyFile, size, [this](std::uint64_t n) { tell(n); })}, true);
  }

  // An open pack that is closed meanwhile turns up under another name, at the latest in the second listing:
  // each is closed once, and what is uploaded from now on need not be in this backup.
  void copy_blobs() {
    for (int pass = 0; pass < 2; ++pass) {
      std::vector<StoreFile> files = store_files(data_ / kBlobs);
      std::erase_if(files, [this](const StoreFile& file) { return paths_.contains(file.path); });
      for (const StoreFile& file : files) total_ += file.size;
      for (const StoreFile& file : files) {
        try {
          add(file);
          paths_.insert(file.path);
        } catch (const Error& error) {
          if (error.code() != Code::not_found || pass > 0) throw;
          total_ -= file.size;
        }
      }
    }
  }

  bool holds_something_else() const {
    if (!fs::exists(to_)) return false;
    for (const auto& entry : fs::directory_iterator(to_)) {
      const std::string name = entry.path().filename().string();
      // What a first backup that was cut short leaves.
      if (name != kBlobs && name != kAuditKeyFile && !name.starts_with("catalog-") && name != "backup.json.new")
        return true;
    }
    return false;
  }

  void add(const StoreFile& file) {
    const std::string path = fmt::format("{}/{}", kBlobs, file.path);
    const fs::path source = data_ / path, target = to_ / path;
    const auto known = before_.find(path);
    // Blobs never change once they are written, so name, size and last bytes say that it is the same.
    if (known != before_.end() && known->second.size == file.size && fs::exists(target) &&
        fs::file_size(target) == file.size && same_tail(source, target, file.size)) {
      list(known->second, false);
      return tell(file.size);
    }
    fs::create_directories(target.parent_path());
    const Digest digest = copy_file(source, target, file.size, [this](std::uint64_t n) { tell(n); });
    list({path, file.size, digest}, true);
    folders_.insert(target.parent_path());
  }

  void list(BackupFile file, bool copied) {
    ++report_.files;
    report_.bytes += file.size;
    if (copied) {
      ++report_.files_copied;
      report_.bytes_copied += file.size;
    }
    next_.files.push_back(std::move(file));
  }

  // What makes this backup the one that counts.
  void write_list() {
    for (const fs::path& folder : folders_) sync_directory(folder);
    json files = json::array();
    for (const BackupFile& file : next_.files)
      files.push_back({{"path", file.path}, {"size", file.size}, {"digest", file.digest.text()}});
    const json document = {{"assay_backup", 1},
                           {"created_at", format_time(next_.created_at)},
                           {"catalog", next_.catalogue},
                           {"files", std::move(files)}};
    const fs::path list = to_ / kListName, fresh = to_ / "backup.json.new";
    {
      std::ofstream out(fresh, std::ios::trunc | std::ios::binary);
      out << document.dump(1) << '\n';
      if (!out.flush()) throw Error(Code::full, "Writing " + fresh.string() + " failed: is the disk full?");
    }
    copy_file(fresh, list, fs::file_size(fresh), [](std::uint64_t) {});
    fs::remove(fresh);
    sync_directory(to_);
  }

  // Packs that a collection has removed since, earlier catalogues, and what an interrupted run left.
  void remove_unlisted() {
    std::set<std::string> listed = {kListName};
    for (const BackupFile& file : next_.files) listed.insert(file.path);
    std::vector<fs::path> rest;
    for (const auto& entry : fs::recursive_directory_iterator(to_))
      if (entry.is_regular_file() && listed.count(fs::relative(entry.path(), to_).string()) == 0)
        rest.push_back(entry.path());
    for (const fs::path& path : rest) fs::remove(path);
  }

  void tell(std::uint64_t bytes) {
    done_ += bytes;
    if (progress_) progress_(done_, total_);
  }

  const fs::path data_, to_;
  const BackupProgress& progress_;
  std::map<std::string, BackupFile> before_;
  std::set<fs::path> folders_;
  std::set<std::string> paths_;  // of blobs, that are in the list
  Backup next_;
  BackupReport report_;
  std::uint64_t done_ = 0, total_ = 0;
};

// A path of ours, never one that leads out of the directory.
std::string checked_path(const std::string& path) {
  return FilePath::parse(path).text();
}

void copy_out(const fs::path& backup, const Backup& list, const fs::path& to,
              const BackupProgress& progress) {
  std::uint64_t total = 0, done = 0;
  for (const BackupFile& file : list.files) total += file.size;
  for (const BackupFile& file : list.files) {
    const fs::path target = to / (file.path == list.catalogue ? "catalog.db" : file.path);
    fs::create_directories(target.parent_path());
    const Digest digest = copy_file(backup / file.path, target, file.size, [&](std::uint64_t bytes) {
      done += bytes;
      if (progress) progress(done, total);
    });
    if (digest != file.digest)
      throw Error(Code::corrupt,
                  fmt::format("{} is not what was backed up: its digest is {}, not {}; use another backup",
                              (backup / file.path).string(), digest.text(), file.digest.text()));
    sync_directory(target.parent_path());
  }
}

}  // namespace

Backup read_backup(const fs::path& directory) {
  const fs::path path = directory / kListName;
  if (!fs::exists(path)) throw Error(Code::not_found, "There is no backup in " + directory.string());
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  try {
    const json document = parse_json(text.str(), "the list", {.max_bytes = kMaxListBytes});
    JsonObject object(document, "the list");
    if (object.integer("assay_backup", 1, 1 << 20) != 1)
      throw Error(Code::unsupported, "it was made by a newer assay; restore it with that one");
    Backup backup{parse_time(object.text("created_at")), checked_path(object.text("catalog")), {}};
    for (const json& item : object.array("files", kMaxFiles)) {
      JsonObject file(item, "a file");
      backup.files.push_back({checked_path(file.text("path")),
                              static_cast<std::uint64_t>(file.integer("size", 0, INT64_MAX)),
                              Digest::parse(file.text("digest"))});
      file.finish();
    }
    object.finish();
    return backup;
  } catch (const Error& error) {
    throw Error(error.code() == Code::unsupported ? Code::unsupported : Code::corrupt,
                path.string() + " does not read as a backup's list: " + error.message());
  }
}

BackupReport back_up(const fs::path& data_dir, const fs::path& to, const BackupProgress& progress) {
  if (!fs::exists(data_dir / "catalog.db"))
    throw Error(Code::not_found,
                "there is no registry in " + data_dir.string() + ": name its directory with --data");
  return BackupRun(data_dir, to, progress).run();
}

void restore(const fs::path& backup, const fs::path& data_dir, const BackupProgress& progress) {
  const Backup list = read_backup(backup);
  if (fs::exists(data_dir) && !fs::is_empty(data_dir))
    throw Error(Code::already_exists,
                data_dir.string() + " is not empty: restore into a new directory, then serve that one");
  const fs::path whole = fs::absolute(data_dir).lexically_normal();
  const fs::path place = whole.has_filename() ? whole : whole.parent_path();
  const fs::path part = place.string() + ".restoring";
  fs::remove_all(part);
  fs::create_directories(part);
  fs::permissions(part, fs::perms::owner_all);
  try {
    copy_out(backup, list, part, progress);
    prepare_restored_store(part / kBlobs);
    {
      SystemClock clock;
      SystemEntropy entropy;
      const auto database = open_sqlite_database(part / "catalog.db");
      database->migrate();
      make_admin_token(*database, clock, entropy, part / "admin.token");
    }
    fs::remove(place);  // only ever an empty directory
    fs::rename(part, place);
    sync_directory(place.parent_path());
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(part, ignored);
    throw;
  }
}

}  // namespace assay::daemon
