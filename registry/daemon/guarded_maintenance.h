// SPDX-License-Identifier: Apache-2.0
// Maintenance that does not collect garbage while another process copies the store's files: a backup.
#pragma once

#include <filesystem>

#include "storage/blob/maintenance.h"

namespace assay::daemon {

// Below the data directory: held exclusively by a collection, shared by backups.
inline constexpr const char* kCollectionLock = "collect.lock";

// As `inner`, which outlives it; a collection that is not a dry run throws conflict while a backup is made.
class GuardedMaintenance final : public Maintenance {
 public:
  GuardedMaintenance(Maintenance& inner, std::filesystem::path lock)
      : inner_(inner), lock_(std::move(lock)) {}

  GcReport collect_garbage(const GcRequest& request) override;
  ScrubReport scrub(const ScrubRequest& request) override { return inner_.scrub(request); }
  Explanation explain(const Digest& digest) const override { return inner_.explain(digest); }
  Savings savings(const std::vector<Digest>& blobs) const override { return inner_.savings(blobs); }

 private:
  Maintenance& inner_;
  const std::filesystem::path lock_;
};

}  // namespace assay::daemon
