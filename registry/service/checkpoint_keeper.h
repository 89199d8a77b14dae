// SPDX-License-Identifier: Apache-2.0
// Signs what the audit trail is at a moment, and never one that takes back what it had signed before: whoever changes the
// catalogue but does not have the key is found out by the next checkpoint, even when nobody has pinned one elsewhere.
#pragma once

#include <atomic>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>

#include "registry/domain/checkpoint.h"

namespace assay {

class Database;

inline constexpr const char* kAuditKeyFile = "audit.key";  // in the data directory

class CheckpointKeeper {
 public:
  // Reads `audit.key` in the data directory, or makes it (mode 0600, durable), and `audit.checkpoint`, the last one that
  // was signed. Throws corrupt when one of them does not read, or the key has not signed the checkpoint.
  CheckpointKeeper(const std::filesystem::path& data_dir, const Clock& clock, Entropy& entropy);

  const LogKey& key() const { return secret_.key(); }

  struct Signed {
    TreeHead head;
    std::string checkpoint;
  };
  // The trail as it is now. Remembers it in `audit.checkpoint`, unless another thread is just doing that. Throws corrupt
  // when the trail does not continue the last one that was remembered. Any thread.
  Signed sign(Database& database);

  // How many entries were signed last. Any thread.
  std::uint64_t signed_entries() const;

 private:
  void remember(const Signed& fresh);

  const std::filesystem::path file_;
  const LogSecret secret_;
  mutable std::mutex mutex_;
  std::optional<TreeHead> last_;  // under mutex_
  std::atomic_flag writing_;      // of the file
};

// What the key in the data directory signed last, for whoever checks the directory; nothing when it has not signed yet.
// Throws as the constructor.
std::optional<TreeHead> last_signed_head(const std::filesystem::path& data_dir);

}  // namespace assay
