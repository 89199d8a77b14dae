// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/migrations.h"

#include <array>

namespace assay {

std::span<const Migration* const> migrations() {
#if __has_include("registry/catalog/migration_0002_evidence.cc")
  static constexpr std::array kAll = {&kArtifactMigration, &kEvidenceMigration};
#else
  static constexpr std::array kAll = {&kArtifactMigration};
#endif
  return kAll;
}

}  // namespace assay
