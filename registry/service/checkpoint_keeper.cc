// SPDX-License-Identifier: Apache-2.0
#include "registry/service/checkpoint_keeper.h"

#include <fmt/format.h>

#include "registry/catalog/audit_tree.h"
#include "storage/base/error.h"
#include "storage/env/private_file.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCheckpointFile = "audit.checkpoint";

std::optional<LogSecret> read_secret(const fs::path& data_dir) {
  const auto text = read_private_file(data_dir / kAuditKeyFile);
  if (!text) return std::nullopt;
  try {
    return LogSecret::parse(*text);
  } catch (const Error& error) {
    throw Error(Code::corrupt, fmt::format("{} does not read: {}; put back the one that this registry had",
                                           (data_dir / kAuditKeyFile).string(), error.message()));
  }
}

std::optional<TreeHead> read_head(const fs::path& file, const LogKey& key) {
  const auto text = read_private_file(file);
  if (!text) return std::nullopt;
  try {
    return open_checkpoint(*text, key, file.string());
  } catch (const Error& error) {
    throw Error(Code::corrupt, error.message());
  }
}

// Whether the trail of the snapshot begins with the entries of `head`.
bool continues(Snapshot& snapshot, const TreeHead& head, std::uint64_t size) {
  return head.size <= size && tree_root(head.size, audit_nodes(snapshot)) == head.root;
}

}  // namespace

// The key first: a checkpoint without one would be of no use.
CheckpointKeeper::CheckpointKeeper(const fs::path& data_dir, const Clock& clock, Entropy& entropy)
    : file_(data_dir / kCheckpointFile), secret_([&] {
        if (auto secret = read_secret(data_dir)) return std::move(*secret);
        LogSecret fresh = LogSecret::make(clock, entropy);
        write_private_file(data_dir / kAuditKeyFile, fresh.text() + '\n');
        return fresh;
      }()) {
  last_ = read_head(file_, key());
}

CheckpointKeeper::Signed CheckpointKeeper::sign(Database& database) {
  // Taken before the snapshot is, which therefore must hold it.
  const auto last = [this] {
    const std::lock_guard lock(mutex_);
    return last_;
  }();
  const TreeHead head = database.read([&](Snapshot& snapshot) {
    TreeHead now = audit_head(snapshot);
    if (!last || continues(snapshot, *last, now.size)) return now;
    throw Error(Code::corrupt,
                fmt::format("The audit trail is not what it was when its {} entries were signed ({}): the catalogue was "
                            "changed, or exchanged for an older one. `assay fsck` says more. To begin a new trail's "
                            "history with what is there, stop the server and move that file and {} away",
                            last->size, file_.string(), kAuditKeyFile));
  });
  Signed fresh{head, secret_.sign(head)};
  if (!last || head.size > last->size) remember(fresh);
  return fresh;
}

std::uint64_t CheckpointKeeper::signed_entries() const {
  const std::lock_guard lock(mutex_);
  return last_ ? last_->size : 0;
}

void CheckpointKeeper::remember(const Signed& fresh) {
  if (writing_.test_and_set()) return;
  struct Clear {
    std::atomic_flag& flag;
    ~Clear() { flag.clear(); }
  } clear{writing_};
  {
    const std::lock_guard lock(mutex_);
    if (last_ && last_->size >= fresh.head.size) return;
  }
  write_private_file(file_, fresh.checkpoint);
  const std::lock_guard lock(mutex_);
  last_ = fresh.head;
}

std::optional<TreeHead> last_signed_head(const fs::path& data_dir) {
  const auto secret = read_secret(data_dir);
  return secret ? read_head(data_dir / kCheckpointFile, secret->key()) : std::nullopt;
}

}  // namespace assay
